import { CountingWindow } from './counting-window.ts'

/** What one server may spend on asking again, so that a failing target is not buried under repetitions. */
export interface RetryBudget {
  /** Counts a request. */
  note(): void
  /** Takes one repetition, where one is left. */
  take(): boolean
}

export interface RetryBudgetOptions {
  /** Milliseconds from any point in time; they never go back. */
  readonly now: () => number
  /** Repetitions for each request. */
  readonly share?: number
  /** Repetitions that are always allowed in ten seconds, so that a quiet server may repeat at all. */
  readonly least?: number
}

const seconds = 10

/**
 * Makes a budget: in no ten seconds more repetitions than the share of their requests, or than the least that is
 * always allowed. It keeps ten pairs of numbers.
 */
export function createRetryBudget({ now, share = 0.2, least = 3 }: RetryBudgetOptions): RetryBudget {
  const window = new CountingWindow(seconds)
  return {
    note: () => window.add('first', now()),
    take: () => {
      const { first, second } = window.sums(now())
      if (second + 1 > Math.max(share * first, least)) return false
      window.add('second', now())
      return true
    },
  }
}
