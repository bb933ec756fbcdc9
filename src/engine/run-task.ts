import { holdsSlot } from './holds-slot.ts'
import type { GenerationEvent, GenerationTask } from './messages.ts'
import { suspectAfter } from './poison.ts'
import type { PoisonList } from './poison.ts'
import type { ModelPool } from './pool.ts'
import type { Trials } from './trials.ts'
import type { Turns } from './turns.ts'
import { writeInTurn } from './write-in-turn.ts'

/** What is to be run, under a name that repetitions of it share. */
export interface NamedTask {
  readonly model: string
  readonly task: GenerationTask
  readonly key: string
  /** Whether its client says that it sent it before. */
  readonly isRetry: boolean
}

export interface RunMeans {
  readonly pool: ModelPool
  readonly turns: Turns
  readonly poison: PoisonList
  readonly trials: Trials
  /** How long a request may wait for a slot of a loaded model. */
  readonly queueTimeoutMs: number
}

/**
 * Runs a task: takes a place in the queue, has the model loaded and gives what happens to the answer.
 * Leaving early or aborting the signal cancels it, wherever it is. Throws a `ModelError`.
 */
export async function* runTask(
  { model, task, key }: NamedTask,
  { pool, turns, poison, trials, queueTimeoutMs }: RunMeans,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  poison.check(key)
  const retryAfterMs = (): number => turns.retryAfterMs(model, pool.slots(model))
  const turn = turns.enter(model, pool.slots(model), task.sender ?? '')
  const suspiciousUpTo = poison.reached(key)
  let endTrial = noTrial
  let reached = 0
  try {
    if (suspiciousUpTo !== undefined) endTrial = await trials.enter(model, signal)
    for await (const event of writeInTurn({ model, task, queueTimeoutMs, retryAfterMs, pool }, signal)) {
      reached += 1
      if (reached > (suspiciousUpTo ?? 0)) endTrial()
      if (holdsSlot(event)) turn.begin()
      if (event.type === 'ended') {
        turn.finish()
        poison.clear(key)
      }
      yield event
    }
  } catch (error) {
    suspectAfter(error, { poison, key, reached })
    throw error
  } finally {
    endTrial()
    turn.leave()
  }
}

const noTrial = (): void => {}
