import { suspectAfter } from './poison.ts'
import type { PoisonList } from './poison.ts'
import type { Trials } from './trials.ts'

/** What is answered in one piece, under a name that repetitions of it share. */
export interface GuardedTask<T> {
  readonly model: string
  readonly key: string
  readonly run: () => Promise<T>
}

export interface GuardMeans {
  readonly poison: PoisonList
  readonly trials: Trials
}

/** Runs a task unless processes ended with it before, and remembers it where one does. Throws a `ModelError`. */
export async function runGuarded<T>(
  { model, key, run }: GuardedTask<T>,
  { poison, trials }: GuardMeans,
  signal: AbortSignal,
): Promise<T> {
  poison.check(key)
  const endTrial = poison.reached(key) === undefined ? noTrial : await trials.enter(model, signal)
  try {
    const made = await run()
    poison.clear(key)
    return made
  } catch (error) {
    suspectAfter(error, { poison, key, reached: 0 })
    throw error
  } finally {
    endTrial()
  }
}

const noTrial = (): void => {}
