import { ModelError } from '../core/errors.ts'
import { HostEnded } from './host-exit.ts'
import type { GenerationEvent, GenerationTask } from './messages.ts'
import type { PoisonList } from './poison.ts'
import type { ModelPool } from './pool.ts'
import type { Trials } from './trials.ts'
import type { Turns } from './turns.ts'

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
  const turn = turns.enter(model, pool.slots(model))
  const suspiciousUpTo = poison.reached(key)
  let endTrial = noTrial
  let reached = 0
  try {
    if (suspiciousUpTo !== undefined) endTrial = await trials.enter(model, signal)
    for await (const event of generate({ model, task, queueTimeoutMs, pool }, signal)) {
      reached += 1
      if (reached > (suspiciousUpTo ?? 0)) endTrial()
      if (event.type === 'held' || event.type === 'started') turn.begin()
      if (event.type === 'ended') poison.clear(key)
      yield event
    }
  } catch (error) {
    const end = error instanceof ModelError ? error.cause : undefined
    if (end instanceof HostEnded && end.isSuspect) poison.suspect(key, { processId: end.processId, reached })
    throw error
  } finally {
    endTrial()
    turn.leave()
  }
}

const noTrial = (): void => {}

interface Generating {
  readonly model: string
  readonly task: GenerationTask
  readonly pool: ModelPool
  readonly queueTimeoutMs: number
}

async function* generate(
  { model, task, pool, queueTimeoutMs }: Generating,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  const { host, release } = await pool.use(model, signal)
  const patience = startPatience(model, queueTimeoutMs)
  try {
    for await (const event of host.generate(task, AbortSignal.any([signal, patience.signal]))) {
      if (event.type === 'held' || event.type === 'started') patience.stop()
      yield event
    }
  } finally {
    patience.stop()
    release()
  }
}

/** Aborts its signal when a request waited too long, unless it is stopped before. */
function startPatience(model: string, milliseconds: number): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(noTurn(model, milliseconds)), milliseconds)
  return { signal: controller.signal, stop: () => clearTimeout(timer) }
}

function noTurn(model: string, milliseconds: number): ModelError {
  return new ModelError(
    'overloaded',
    `the request waited ${Math.ceil(milliseconds / 1000)} s for a slot of model '${model}' and none became free; try again later, or give the model more --slots`,
    { retryAfterMs: 5000 },
  )
}
