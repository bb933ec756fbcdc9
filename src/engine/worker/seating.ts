import type { CacheReport } from '../../core/cache-report.ts'
import type { Archive, Archived } from './archive.ts'
import type { CacheCosts } from './cache-costs.ts'
import { thinOut } from './checkpoints.ts'
import type { Checkpoints } from './checkpoints.ts'
import { explainReuse } from './explain-reuse.ts'
import type { Nearest } from './explain-reuse.ts'
import { measuresPrompt } from './generation.ts'
import type { Job } from './generation.ts'
import { renewPins, toSlot } from './lane.ts'
import type { Lane } from './lane.ts'
import { isElsewhere, leastAtStake, toState } from './lane-state.ts'
import type { LanguageModel } from './language-model.ts'
import type { Checkpoint } from './model-slots.ts'
import { chooseSeat, commonPrefix, leastMissedSlot, losesMuch, lostTokens, reusable } from './slots.ts'
import type { Arrival, Seat, Slot } from './slots.ts'

/** A lane that is ready for a prompt: it holds the prompt's first tokens, and nothing else. */
export interface Seated {
  readonly lane: Lane
  readonly report: CacheReport
}

export interface SeatingOptions {
  readonly model: LanguageModel
  readonly lanes: readonly Lane[]
  readonly archive: Archive
  readonly costs: CacheCosts
  readonly checkpoints: Checkpoints
  /** Called before so many bytes are written away or brought back. */
  readonly onMove: (bytes: number) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Finds places for prompts, and keeps for later what has to make way for them. */
export class Seating {
  readonly #options: SeatingOptions

  constructor(options: SeatingOptions) {
    this.#options = options
  }

  /** Gives the lane for a prompt, with as much of it as can be reused; undefined while all are busy. */
  async seat(job: Job): Promise<Seated | undefined> {
    const { model, now } = this.#options
    const { tokens, isReproducible, map } = job
    const arrival = this.toArrival(job)
    const seat = chooseSeat(this.#slots(), arrival)
    if (!seat) return undefined
    const nearest = this.#nearest(tokens)
    const restored = await this.#restore(seat, arrival)
    const { lane, kept } = restored ?? (await this.#take(seat, tokens))
    const nowMs = now()
    lane.pins = renewPins(lane.pins, map.marks, { kept, nowMs })
    lane.lastUsedMs = nowMs
    const spell = (some: Uint32Array): string => model.spellPrompt(some)
    const { isMeasured } = arrival
    const from = { tokens, kept, restored: restored ? kept : 0, nearest, isReproducible, isMeasured }
    return {
      lane,
      report: explainReuse({ ...from, placeOf: token => map.placeOf(token), spell }),
    }
  }

  /** Sees a prompt as one to be seated. */
  toArrival(job: Job): Required<Arrival> {
    const { tokens, isReproducible } = job
    return { tokens, isReproducible, canForget: this.#options.model.canForget, isMeasured: measuresPrompt(job) }
  }

  /** How much of a prompt need not be evaluated if it is seated at this moment. */
  available(arrival: Arrival): number {
    const keep = chooseSeat(this.#slots(), arrival)?.keep ?? 0
    return this.#findWorthwhile(arrival, keep)?.keep ?? keep
  }

  /** Writes every conversation of some length away, the latest first. */
  async archiveAll(): Promise<void> {
    // Nobody waits for it any more.
    const lanes = this.#options.lanes.toSorted((a, b) => b.lastUsed - a.lastUsed)
    for (const lane of lanes) await this.#setAside(lane, [], Infinity)
    await this.#options.archive.close()
  }

  async #take(seat: Seat, tokens: Uint32Array): Promise<{ lane: Lane; kept: number }> {
    const lane = this.#lane(seat.slot)
    await this.#setAside(lane, tokens)
    if (seat.copyFrom !== undefined) await this.#copy(lane, this.#lane(seat.copyFrom))
    // What was written away went back first, perhaps further than this prompt needs.
    return { lane, kept: await this.#forget(lane, Math.min(seat.keep, lane.tokens.length)) }
  }

  async #restore(seat: Seat, arrival: Arrival): Promise<{ lane: Lane; kept: number } | undefined> {
    const { archive, checkpoints, costs } = this.#options
    const found = this.#findWorthwhile(arrival, seat.keep)
    if (!found) return undefined
    const lane = this.#laneFor(seat, arrival.tokens)
    await this.#setAside(lane, arrival.tokens)
    this.#options.onMove(found.entry.sizeBytes)
    const began = performance.now()
    const withinMs = costs.evaluatingMs(found.keep - seat.keep)
    const isThere = await archive.restore(found.entry, { slot: lane.id, withinMs })
    // A file that could not be read may have left anything behind.
    if (!isThere) {
      this.#clear(lane)
      const next = chooseSeat(this.#slots(), arrival) ?? { slot: lane.id, keep: 0 }
      return this.#take(next, Uint32Array.from(arrival.tokens))
    }
    costs.restored(found.entry.sizeBytes, performance.now() - began)
    const known = this.#checkpointsOn(found.entry.tokens)
    Object.assign(lane, holding(found.entry))
    checkpoints.assign(lane, known)
    await checkpoints.take(lane)
    const there = this.#slots()[lane.id]
    return { lane, kept: await this.#forget(lane, there ? reusable(there, arrival) : 0) }
  }

  /** What was written away of a prompt, where bringing it back is faster than evaluating what it has beyond `keep`. */
  #findWorthwhile(arrival: Arrival, keep: number): ReturnType<Archive['find']> {
    const found = this.#options.archive.find(arrival)
    return found && this.#options.costs.isWorthRestoring(found.entry.sizeBytes, found.keep - keep) ? found : undefined
  }

  /** A file holds one place of a conversation; what it shares with others, these may still be able to go back to. */
  #checkpointsOn(tokens: ArrayLike<number>): readonly Checkpoint[] {
    const known = this.#options.lanes.flatMap(lane => {
      const common = commonPrefix(lane.tokens, tokens)
      return lane.checkpoints.filter(checkpoint => checkpoint.tokens <= common)
    })
    const byPlace = new Map(known.map(checkpoint => [checkpoint.tokens, checkpoint]))
    return thinOut([...byPlace.values()].toSorted((a, b) => a.tokens - b.tokens))
  }

  /* Where the chosen seat's conversation would go on elsewhere, the one that rested longest makes way instead. */
  #laneFor(seat: Seat, tokens: ArrayLike<number>): Lane {
    const slots = this.#slots()
    const chosen = slots[seat.slot]
    const common = chosen ? commonPrefix(chosen.tokens, tokens) : 0
    const isFree = chosen !== undefined && seat.copyFrom === undefined && !losesMuch(chosen, { keep: common, common })
    return this.#lane(isFree ? seat.slot : (leastMissedSlot(slots) ?? seat.slot))
  }

  /**
   * Keeps what a lane is about to lose, unless another place has it already. Answers stand still meanwhile, so it takes
   * no longer than evaluating it again would, or than it is said to be worth.
   */
  async #setAside(lane: Lane, tokens: ArrayLike<number>, worthMs?: number): Promise<void> {
    const { archive, checkpoints, costs, lanes, now, onMove } = this.#options
    const nowMs = now()
    const leastTokens = leastAtStake(lane, nowMs)
    const lost = lostTokens(lane, commonPrefix(lane.tokens, tokens))
    if (lost < leastTokens || isElsewhere(lane, lanes)) return
    await checkpoints.goBackToPrompt(lane)
    const atStake = Math.min(lost, lane.tokens.length - archive.kept(lane.tokens))
    const terms = { worthMs: worthMs ?? costs.evaluatingMs(atStake), leastTokens, onWrite: onMove }
    await archive.save({ ...toState(lane, nowMs), lastUsedMs: nowMs }, terms)
  }

  async #copy(target: Lane, source: Lane): Promise<void> {
    await this.#options.model.copy(target.id, source.id)
    Object.assign(target, holding(source))
    this.#options.checkpoints.assign(target, source.checkpoints)
  }

  /** Drops what a lane holds beyond its first `keep` tokens; gives how many it could keep. */
  async #forget(lane: Lane, keep: number): Promise<number> {
    if (keep === lane.tokens.length || (await this.#options.checkpoints.goBack(lane, keep))) return keep
    this.#clear(lane)
    return 0
  }

  #clear(lane: Lane): void {
    this.#options.model.forget(lane.id, 0)
    Object.assign(lane, { tokens: [], bulkTokens: 0, askedTokens: 0, pins: [] })
    this.#options.checkpoints.assign(lane, [])
  }

  #slots(): readonly Slot[] {
    const { lanes, model, now } = this.#options
    return lanes.map(lane => toSlot(lane, { nowMs: now(), model }))
  }

  #nearest(tokens: Uint32Array): Nearest | undefined {
    const { archive, lanes, model } = this.#options
    const isWholeIn = (lane: Lane): boolean => model.canForget && model.earliest(lane.id) === 0
    const here = [
      ...lanes.map(lane => ({ tokens: promised(lane), read: lane.tokens.length, isWhole: isWholeIn(lane) })),
      ...archive.entries().map(entry => ({ tokens: entry.tokens, isWhole: archive.isWhole(entry) })),
    ]
    const candidates = [
      ...here.filter(each => each.tokens.length > 0).map(each => ({ ...each, isGone: false })),
      ...archive.gone().map(each => ({ tokens: each, isWhole: true, isGone: true })),
    ].map(each => ({ read: each.tokens.length, ...each, common: commonPrefix(each.tokens, tokens) }))
    const nearest = candidates.toSorted((a, b) => b.common - a.common || Number(a.isGone) - Number(b.isGone))[0]
    // A lane's own tokens are about to change.
    return nearest && { ...nearest, isRead: nearest.read >= nearest.common, tokens: Uint32Array.from(nearest.tokens) }
  }

  #lane(id: number): Lane {
    const lane = this.#options.lanes[id]
    if (!lane) throw new Error(`there is no slot ${id}`)
    return lane
  }
}

/* A prompt that is being read counts as what it will be. */
function promised({ tokens, work }: Lane): ArrayLike<number> {
  const asked = work?.generation.job.tokens
  return asked && asked.length > tokens.length ? asked : tokens
}

type Holding = Pick<Lane, 'tokens' | 'bulkTokens' | 'askedTokens' | 'pins'>

function holding({ tokens, bulkTokens, pins, ...more }: Holding | Archived): Holding {
  const askedTokens = 'askedTokens' in more ? more.askedTokens : tokens.length
  return { tokens: Array.from(tokens), bulkTokens, askedTokens, pins }
}
