import { pauseAfter } from './back-off.ts'
import type { BackOff, Pause } from './back-off.ts'

/** Counts how often an engine failed in a row, and so when it may be started again. */
export class FailureCount {
  readonly #backOff: BackOff
  readonly #now: () => number
  #count = 0
  #failedAt = 0

  constructor(backOff: BackOff, now: () => number) {
    this.#backOff = backOff
    this.#now = now
  }

  get count(): number {
    return this.#count
  }

  /** What is left of the pause before the next start. */
  get pause(): Pause {
    const { type, ms } = pauseAfter(this.#count, this.#backOff)
    const left = Math.max(0, this.#failedAt + ms - this.#now())
    return { type: left > 0 ? type : 'wait', ms: left }
  }

  get isResting(): boolean {
    return this.pause.type === 'rest'
  }

  /** Counts a failure; `readyAt` is since when it was well before, if it was. */
  add(readyAt?: number): void {
    const now = this.#now()
    const wasWell = readyAt !== undefined && now - readyAt >= this.#backOff.forgetMs
    this.#count = wasWell ? 1 : this.#count + 1
    this.#failedAt = now
  }

  /** Begins anew, after an end that was meant. */
  forget(): void {
    this.#count = 0
  }
}
