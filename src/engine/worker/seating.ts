import type { CacheReport } from '../../core/cache-report.ts'
import type { Archive, Archived } from './archive.ts'
import type { CacheCosts } from './cache-costs.ts'
import { explainReuse } from './explain-reuse.ts'
import type { Nearest } from './explain-reuse.ts'
import { measuresPrompt } from './generation.ts'
import type { Job } from './generation.ts'
import { pinnedTokens, renewPins, toSlot } from './lane.ts'
import type { Lane } from './lane.ts'
import type { LanguageModel } from './language-model.ts'
import { chooseSeat, commonPrefix, leastMissedSlot, losesMuch } from './slots.ts'
import type { Arrival, Seat } from './slots.ts'

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
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/* A conversation that is shorter is evaluated again sooner than it is written away. */
const worthArchiving = 256

/* Of one that its client wants to be kept, less is enough. */
const pinnedWorthArchiving = 64

/** Finds places for prompts, and keeps for later what has to make way for them. */
export class Seating {
  readonly #options: SeatingOptions

  constructor(options: SeatingOptions) {
    this.#options = options
  }

  /** Gives the lane for a prompt, with as much of it as can be reused; undefined while all are busy. */
  async seat(job: Job): Promise<Seated | undefined> {
    const { model, lanes, now } = this.#options
    const { tokens, isReproducible, map } = job
    const isMeasured = measuresPrompt(job)
    const arrival: Arrival = { tokens, isReproducible, canForget: model.canForget, isMeasured }
    const seat = chooseSeat(
      lanes.map(lane => toSlot(lane, now())),
      arrival,
    )
    if (!seat) return undefined
    const nearest = this.#nearest(tokens)
    const restored = await this.#restore(seat, arrival)
    const { lane, kept } = restored ?? (await this.#take(seat, tokens))
    lane.pins = renewPins(lane.pins, map.marks, { kept, nowMs: now() })
    const spell = (some: Uint32Array): string => model.spellPrompt(some)
    const from = { tokens, kept, restored: restored ? kept : 0, nearest, isReproducible, isMeasured }
    return {
      lane,
      report: explainReuse({ ...from, canForget: model.canForget, placeOf: token => map.placeOf(token), spell }),
    }
  }

  /** Writes every conversation of some length away, the latest first. */
  async archiveAll(): Promise<void> {
    for (const lane of this.#options.lanes.toSorted((a, b) => b.lastUsed - a.lastUsed)) await this.#setAside(lane, [])
    await this.#options.archive.close()
  }

  async #take(seat: Seat, tokens: Uint32Array): Promise<{ lane: Lane; kept: number }> {
    const lane = this.#lane(seat.slot)
    await this.#setAside(lane, tokens)
    if (seat.copyFrom !== undefined) await this.#copy(lane, this.#lane(seat.copyFrom))
    return { lane, kept: this.#forget(lane, seat.keep) }
  }

  async #restore(seat: Seat, arrival: Arrival): Promise<{ lane: Lane; kept: number } | undefined> {
    const { archive, costs, lanes, now, model } = this.#options
    const found = archive.find(arrival)
    if (!found || !costs.isWorthRestoring(found.entry.sizeBytes, found.keep - seat.keep)) return undefined
    const lane = this.#laneFor(seat, arrival.tokens)
    await this.#setAside(lane, arrival.tokens)
    const began = performance.now()
    const isThere = await archive.restore(found.entry, lane.id)
    // A file that could not be read may have left anything behind.
    if (!isThere) {
      this.#clear(lane)
      return this.#take(
        chooseSeat(
          lanes.map(each => toSlot(each, now())),
          arrival,
        ) ?? { slot: lane.id, keep: 0 },
        Uint32Array.from(arrival.tokens),
      )
    }
    costs.restored(found.entry.sizeBytes, performance.now() - began)
    Object.assign(lane, holding(found.entry))
    return { lane, kept: model.canForget ? this.#forget(lane, found.keep) : found.keep }
  }

  /* Where the chosen seat's conversation would go on elsewhere, the one that rested longest makes way instead. */
  #laneFor(seat: Seat, tokens: ArrayLike<number>): Lane {
    const slots = this.#options.lanes.map(lane => toSlot(lane, this.#options.now()))
    const chosen = slots[seat.slot]
    const isFree =
      chosen !== undefined && seat.copyFrom === undefined && !losesMuch(chosen, commonPrefix(chosen.tokens, tokens))
    return this.#lane(isFree ? seat.slot : (leastMissedSlot(slots) ?? seat.slot))
  }

  /** Keeps what a lane is about to lose, unless another place has it already. */
  async #setAside(lane: Lane, tokens: ArrayLike<number>): Promise<void> {
    const { archive, lanes, now } = this.#options
    const isPinned = pinnedTokens(lane.pins, now()) > 0
    const least = isPinned ? pinnedWorthArchiving : worthArchiving
    if (lane.tokens.length - commonPrefix(lane.tokens, tokens) < least) return
    const isElsewhere = lanes.some(
      other => other !== lane && commonPrefix(other.tokens, lane.tokens) === lane.tokens.length,
    )
    if (isElsewhere) return
    const { id: slot, bulkTokens, pins } = lane
    await archive.save({
      slot,
      tokens: Uint32Array.from(lane.tokens),
      bulkTokens,
      pins: isPinned ? pins : [],
    })
  }

  async #copy(target: Lane, source: Lane): Promise<void> {
    await this.#options.model.copy(target.id, source.id)
    Object.assign(target, holding(source))
  }

  /** Drops what a lane holds beyond its first `keep` tokens; gives how many it could keep. */
  #forget(lane: Lane, keep: number): number {
    if (keep === lane.tokens.length) return keep
    if (!this.#options.model.forget(lane.id, keep)) {
      this.#clear(lane)
      return 0
    }
    lane.tokens.length = keep
    lane.bulkTokens = Math.min(lane.bulkTokens, keep)
    return keep
  }

  #clear(lane: Lane): void {
    this.#options.model.forget(lane.id, 0)
    Object.assign(lane, { tokens: [], bulkTokens: 0, pins: [] })
  }

  #nearest(tokens: Uint32Array): Nearest | undefined {
    const { archive, lanes } = this.#options
    const here = [...lanes.map(lane => lane.tokens), ...archive.entries().map(entry => entry.tokens)]
    const candidates = [
      ...here.filter(each => each.length > 0).map(each => ({ tokens: each, isGone: false })),
      ...archive.gone().map(each => ({ tokens: each, isGone: true })),
    ].map(each => ({ ...each, common: commonPrefix(each.tokens, tokens) }))
    const nearest = candidates.toSorted((a, b) => b.common - a.common || Number(a.isGone) - Number(b.isGone))[0]
    // A lane's own tokens are about to change.
    return nearest && { ...nearest, tokens: Uint32Array.from(nearest.tokens) }
  }

  #lane(id: number): Lane {
    const lane = this.#options.lanes[id]
    if (!lane) throw new Error(`there is no slot ${id}`)
    return lane
  }
}

function holding({
  tokens,
  bulkTokens,
  pins,
}: Pick<Lane, 'tokens' | 'bulkTokens' | 'pins'> | Archived): Pick<Lane, 'tokens' | 'bulkTokens' | 'pins'> {
  return { tokens: Array.from(tokens), bulkTokens, pins }
}
