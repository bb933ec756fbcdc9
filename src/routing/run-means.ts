import { createClock, type Clock } from './clock.ts'
import { createRetryBudget, type RetryBudget } from './retry-budget.ts'
import { createTargetHealth, type TargetHealth } from './target-health.ts'

/** What all attempts of a server share. */
export interface RunMeans {
  readonly clock: Clock
  /** A number from 0 up to 1, another one each time. */
  readonly random: () => number
  readonly health: TargetHealth
  readonly budget: RetryBudget
}

/** Makes what all attempts of a server share, from a source of milliseconds that never go back and one of chance. */
export function createRunMeans({ now, random }: { now: () => number; random: () => number }): RunMeans {
  return { clock: createClock(now), random, health: createTargetHealth(now), budget: createRetryBudget({ now }) }
}
