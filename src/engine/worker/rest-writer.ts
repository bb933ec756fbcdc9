import type { Archive } from './archive.ts'
import type { CacheCosts } from './cache-costs.ts'
import type { Checkpoints } from './checkpoints.ts'
import { isPinned } from './lane.ts'
import type { Lane } from './lane.ts'
import { remember } from './lane-entry.ts'
import { isElsewhere, leastAtStake, toState } from './lane-state.ts'
import type { LanguageModel } from './language-model.ts'
import { commonPrefix } from './slots.ts'

export interface RestWriterOptions {
  readonly model: LanguageModel
  readonly lanes: readonly Lane[]
  readonly archive: Archive
  readonly costs: CacheCosts
  readonly checkpoints: Checkpoints
  /** Called before so many bytes are written away, and with none once they are. */
  readonly onMove: (bytes: number) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** When conversations are written away while the model rests, and how much they must have grown. */
interface Occasion {
  readonly afterMs: number
  /** As a part of what is kept of them. */
  readonly growth: number
}

/*
 * A file is written whole. To rewrite it at each quarter writes five times in all what a conversation grows to, and a
 * killed process loses a fifth of it at most. Whoever reads an answer for a minute comes seldom, and an agent that calls
 * a tool comes back within two seconds.
 */
const soon: Occasion = { afterMs: 2000, growth: 1 / 4 }
const later: Occasion = { afterMs: 60_000, growth: 1 / 16 }

/* A request that comes meanwhile waits for it. */
const longestWriteMs = 2000

/* Short enough for a request that comes meanwhile. */
const pieceTokens = 16

/** Writes away what the slots hold while the model rests, so that it outlives a process that is killed. */
export class RestWriter {
  readonly #options: RestWriterOptions
  /** What was to be written of each lane, whatever became of it: nothing is tried with every turn. */
  readonly #tried = new Map<Lane, Uint32Array>()
  #isResting = false
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: RestWriterOptions) {
    this.#options = options
  }

  /** The model has nothing to do. */
  begin(): void {
    this.#isResting = true
    this.#await(soon, 0, () => this.#await(later, soon.afterMs))
  }

  /** The model has something to do: settles when what is being written is, and nothing else will be. */
  async end(): Promise<void> {
    this.#isResting = false
    clearTimeout(this.#timer)
    await this.#writing
  }

  #await(occasion: Occasion, passedMs: number, next?: () => void): void {
    this.#timer = setTimeout(() => {
      this.#writing = this.#writing.then(() => this.#writeAll(occasion))
      next?.()
    }, occasion.afterMs - passedMs)
    this.#timer.unref()
  }

  async #writeAll(occasion: Occasion): Promise<void> {
    const nowMs = this.#options.now()
    // The next turns are likely to be of the conversations that were used last.
    const lanes = this.#options.lanes.toSorted(
      (a, b) => Number(isPinned(b, nowMs)) - Number(isPinned(a, nowMs)) || b.lastUsed - a.lastUsed,
    )
    for (const lane of lanes) {
      if (!this.#isResting) return
      this.#options.archive.renew(toState(lane, nowMs))
      if (this.#isDue(lane, occasion)) await this.#write(lane)
    }
  }

  #isDue(lane: Lane, occasion: Occasion): boolean {
    const { archive, lanes, now } = this.#options
    if (lane.work || isElsewhere(lane, lanes) || !archive.canHold(lane.tokens.length)) return false
    const kept = this.#kept(lane, occasion)
    return lane.tokens.length - kept >= Math.max(leastAtStake(lane, now()), kept * occasion.growth)
  }

  #kept({ tokens }: Lane, { growth }: Occasion): number {
    const kept = this.#options.archive.kept(tokens)
    if (growth < soon.growth) return kept
    return Math.max(kept, ...[...this.#tried.values()].map(tried => commonPrefix(tried, tokens)))
  }

  async #write(lane: Lane): Promise<void> {
    const { archive, checkpoints, costs, now, onMove } = this.#options
    const { askedTokens } = lane
    const tokens = Uint32Array.from(lane.tokens)
    this.#tried.set(lane, tokens)
    await checkpoints.goBackToPrompt(lane)
    const nowMs = now()
    const worthMs = costs.evaluatingMs(lane.tokens.length - archive.kept(lane.tokens))
    await archive.save(toState(lane, nowMs), {
      worthMs: Math.min(worthMs, longestWriteMs),
      leastTokens: leastAtStake(lane, nowMs),
      isSpare: true,
      onWrite: onMove,
    })
    onMove(0)
    await this.#readAgain(lane, tokens)
    lane.askedTokens = Math.min(askedTokens, lane.tokens.length)
  }

  /** Gives a lane back what it had to let go to be written. */
  async #readAgain(lane: Lane, all: Uint32Array): Promise<void> {
    while (this.#isResting && lane.tokens.length < all.length) {
      const position = lane.tokens.length
      const tokens = all.subarray(position, position + pieceTokens)
      const entry = { slot: lane.id, position, tokens, samples: false }
      await this.#options.model.evaluate([entry])
      remember(lane, entry)
    }
  }
}
