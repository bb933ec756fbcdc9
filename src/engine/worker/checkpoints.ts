import type { CacheReport } from '../../core/cache-report.ts'
import { checkpointsPerSlot } from '../checkpoints-per-slot.ts'
import { measuresPrompt } from './generation.ts'
import type { Job } from './generation.ts'
import type { Lane } from './lane.ts'
import type { Checkpoint, ModelSlots } from './model-slots.ts'
import type { PromptMap } from './prompt-map.ts'
import { bulkPiece, lastPlace } from './slots.ts'

/** Where slots can go back to, with models that cannot forget (docs/adr/0021). */
export class Checkpoints {
  readonly #model: ModelSlots
  readonly #lanes: readonly Lane[]

  constructor(model: ModelSlots, lanes: readonly Lane[]) {
    this.#model = model
    this.#lanes = lanes
  }

  /** Notes what a lane holds, unless it did already. */
  async take(lane: Lane): Promise<void> {
    if (this.#model.canForget || lane.checkpoints.some(({ tokens }) => tokens === lane.tokens.length)) return
    this.assign(lane, thinOut([...lane.checkpoints, await this.#model.takeCheckpoint(lane.id)]))
  }

  /** Takes a lane back to its first `tokens`; false where it cannot go there. */
  async goBack(lane: Lane, tokens: number): Promise<boolean> {
    if (tokens > lane.tokens.length) return false
    const isBack =
      this.#model.canForget || tokens === 0
        ? this.#model.forget(lane.id, tokens)
        : await lane.checkpoints.find(checkpoint => checkpoint.tokens === tokens)?.restore(lane.id)
    if (!isBack) return false
    lane.tokens.length = tokens
    lane.bulkTokens = Math.min(lane.bulkTokens, tokens)
    lane.askedTokens = Math.min(lane.askedTokens, tokens)
    this.assign(
      lane,
      lane.checkpoints.filter(checkpoint => checkpoint.tokens <= tokens),
    )
    return true
  }

  /** Takes a lane back to where its conversation is likely to go on from, if a file of it can hold no more than one place. */
  async goBackToPrompt(lane: Lane): Promise<void> {
    const { canForget, wholeFileTokens } = this.#model
    if (lane.tokens.length <= Math.max(lane.askedTokens, wholeFileTokens)) return
    const places = lane.checkpoints.map(({ tokens }) => tokens)
    const place = canForget ? lane.askedTokens - bulkPiece : lastPlace(places, lane.askedTokens)
    if (place > 0) await this.goBack(lane, place)
  }

  /** Gives a lane these checkpoints in place of its own. What no lane has any more is gone. */
  assign(lane: Lane, checkpoints: readonly Checkpoint[]): void {
    const before = lane.checkpoints
    lane.checkpoints = checkpoints
    for (const checkpoint of before) {
      if (!this.#lanes.some(each => each.checkpoints.includes(checkpoint))) checkpoint.dispose()
    }
  }
}

type StoppingJob = Pick<Job, 'tokens' | 'echo' | 'topLogprobs'> & {
  readonly map: Pick<PromptMap, 'marks' | 'headTokens'>
}

/**
 * The places of a prompt at which a checkpoint is worth taking: shortly before its end, where the next turn is likely
 * to depart from it; where it departs itself from the one that is most like it, as others may; after the system prompt
 * and the tools; and at the client's breakpoints. All of them leave large pieces to evaluate on both sides, so that
 * greedy answers stay the same (docs/adr/0011).
 */
export function stopsOf(job: StoppingJob, { reusedTokens: kept, difference }: CacheReport): readonly number[] {
  if (measuresPrompt(job)) return []
  const { tokens, map } = job
  const last = tokens.length - bulkPiece
  const wanted = [difference?.token ?? 0, last, map.headTokens(), ...map.marks.map(mark => mark.tokens)]
  const stops: number[] = []
  for (const place of wanted) {
    if (place - kept >= bulkPiece && place <= last && isApart(place, stops)) stops.push(place)
  }
  return stops.toSorted((a, b) => a - b)
}

/** Whether between a place and all others there are large pieces. */
export function isApart(place: number, others: readonly number[]): boolean {
  return others.every(other => Math.abs(other - place) >= bulkPiece)
}

/** Drops the one whose neighbours are closest together while there are too many, never the first or the last. */
export function thinOut(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] {
  if (checkpoints.length <= checkpointsPerSlot) return checkpoints
  const gaps = checkpoints
    .slice(1, -1)
    .map((_, index) => (checkpoints[index + 2]?.tokens ?? 0) - (checkpoints[index]?.tokens ?? 0))
  const closest = gaps.indexOf(Math.min(...gaps)) + 1
  return thinOut(checkpoints.filter((_, index) => index !== closest))
}
