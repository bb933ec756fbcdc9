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
  /** When the last request failed. */
  #failedAt = -Infinity
  /** Until when the target itself asked to be left alone. */
  #askedUntil = -Infinity
  #probesUntil = -Infinity
  /** What became of the last check that found the target well: nobody was answered since, or the next one was failed. */
  #check: 'none' | 'found-well' | 'was-wrong' = 'none'

  /** How long the target is left alone; zero where it may be asked. */
  restsForMs(now: number): number {
    const restMs = Math.max(this.#restsUntil, this.#askedUntil) - now
    return Math.max(0, restMs, this.#isOpen && this.#probesUntil > now ? askAgainMs : 0)
  }

  /** Whether nothing speaks against the target, and nothing is worth remembering. */
  isClear(now: number): boolean {
    const { first, second } = this.#window.sums(now)
    return !this.#isOpen && this.#inARow === 0 && this.restsForMs(now) === 0 && first + second === 0
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
    this.#check = 'none'
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
    this.#failedAt = now
    this.#askedUntil = Math.max(this.#askedUntil, now + Math.min(askedMs, mostAskedMs))
    if (this.#check === 'found-well') {
      this.#check = 'was-wrong'
      return this.#open(now, Math.min(this.#restMs * 2, mostRestMs))
    }
    if (this.#isOpen) this.#open(now, Math.min(this.#restMs * 2, mostRestMs))
    else if (this.#isBad(now)) this.#open(now, firstRestMs)
  }

  /** Notes that an attempt ended without telling anything of the target, so that another one may probe. */
  leave(): void {
    this.#probesUntil = -Infinity
  }

  /**
   * Whether the target rests in such a way that a check may end it: not while it wants to be left alone itself, and not
   * where a check was wrong, until it has answered somebody.
   */
  isCheckable(now: number): boolean {
    return this.#isOpen && this.#askedUntil <= now && this.#check !== 'was-wrong'
  }

  /** Ends the rest, because a check found the target well. One failure is enough then for a longer one. */
  revive(now: number): void {
    if (!this.isCheckable(now)) return
    this.#isOpen = false
    this.#inARow = 0
    this.#restsUntil = -Infinity
    this.#probesUntil = -Infinity
    this.#window.clear()
    this.#check = 'found-well'
  }

  /**
   * Lets the target rest for so long at least, because a check found it still down. A check may be wrong: a minute after
   * the last request failed, the next one probes in any case.
   */
  keepResting(now: number, milliseconds: number): void {
    if (!this.isCheckable(now)) return
    this.#restsUntil = Math.max(this.#restsUntil, Math.min(now + milliseconds, this.#failedAt + mostRestMs))
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
