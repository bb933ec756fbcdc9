import { CountingWindow } from './counting-window.ts'

const mostInARow = 5
const windowSeconds = 10
const leastToJudge = 10
const worstShare = 0.5
const firstRestMs = 5000
const mostRestMs = 60_000
const mostAskedMs = 5 * 60_000
/* A probe whose end nobody told, such as one of a client that left, is not waited for longer. */
const probeMs = 60_000
const askAgainMs = 1000

/**
 * Keeps requests away from a target that fails: five failures in a row, or half of at least ten in ten seconds, and it
 * rests; then one request probes it. Each failed probe doubles the rest, up to a minute.
 * A target that asks for time is given it at once. Times are passed in; they never go back.
 */
export class CircuitBreaker {
  readonly #window = new CountingWindow(windowSeconds)
  #inARow = 0
  #restMs = firstRestMs
  #isOpen = false
  #restsUntil = -Infinity
  #probesUntil = -Infinity

  /** How long the target is left alone; zero where it may be asked. */
  restsForMs(now: number): number {
    return Math.max(0, this.#restsUntil - now, this.#isOpen && this.#probesUntil > now ? askAgainMs : 0)
  }

  /** Whether nothing speaks against the target, and nothing is worth remembering. */
  isClear(now: number): boolean {
    const { first, second } = this.#window.sums(now)
    return !this.#isOpen && this.#inARow === 0 && this.#restsUntil <= now && first + second === 0
  }

  /** Whether the target may be asked; what it says yes to after a rest is the probe, and others wait for its end. */
  admit(now: number): boolean {
    if (this.restsForMs(now) > 0) return false
    if (this.#isOpen) this.#probesUntil = now + probeMs
    return true
  }

  succeed(now: number): void {
    this.speak()
    this.#window.add('first', now)
    this.#inARow = 0
  }

  /** Notes that the target began to answer, which is all that a probe has to show. */
  speak(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#inARow = 0
    this.#restMs = firstRestMs
    this.#probesUntil = -Infinity
    this.#window.clear()
  }

  /** Notes a failure, with the time that the target asked for. */
  fail(now: number, askedMs = 0): void {
    this.#window.add('second', now)
    this.#inARow += 1
    this.#restsUntil = Math.max(this.#restsUntil, now + Math.min(askedMs, mostAskedMs))
    if (this.#isOpen) this.#open(now, Math.min(this.#restMs * 2, mostRestMs))
    else if (this.#isBad(now)) this.#open(now, firstRestMs)
  }

  /** Notes that an attempt ended without telling anything of the target, so that another one may probe. */
  leave(): void {
    this.#probesUntil = -Infinity
  }

  #isBad(now: number): boolean {
    const { first, second } = this.#window.sums(now)
    return this.#inARow >= mostInARow || (first + second >= leastToJudge && second >= worstShare * (first + second))
  }

  #open(now: number, restMs: number): void {
    // What was under way when it opened fails too, and does not make the rest longer.
    if (this.#isOpen && this.#restsUntil > now && this.#probesUntil < now) return
    this.#isOpen = true
    this.#restMs = restMs
    this.#restsUntil = Math.max(this.#restsUntil, now + restMs)
    this.#probesUntil = -Infinity
  }
}
