import { ModelError } from '../core/errors.ts'
import { holdsSlot } from './holds-slot.ts'
import type { GenerationEvent, GenerationTask } from './messages.ts'
import type { Lease, ModelPool } from './pool.ts'

export interface Wanted {
  readonly model: string
  readonly task: GenerationTask
  readonly pool: ModelPool
  /** How long the request may wait for a slot, from when its model is loaded first. */
  readonly queueTimeoutMs: number
  /** When a request that waited in vain had better come again. */
  readonly retryAfterMs: () => number
}

/**
 * Has the model loaded and gives what happens to one answer. A request that is still waiting when its model makes way
 * for another one waits for it to be loaded again. Throws a `ModelError`.
 */
export async function* writeInTurn(
  { model, task, pool, queueTimeoutMs, retryAfterMs }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  const patience = createPatience(queueTimeoutMs, () => noTurn(model, queueTimeoutMs, retryAfterMs()))
  const waits = AbortSignal.any([signal, patience.signal])
  const writing = { task, patience, isPlanned: false, isOver: false }
  try {
    while (!writing.isOver) {
      const lease = await pool.use(model, waits, task.priority)
      patience.begin()
      yield* write(lease, writing, waits)
    }
  } finally {
    patience.stop()
  }
}

interface Writing {
  readonly task: GenerationTask
  readonly patience: Patience
  /** Whether it was told what the model cannot be held to: each process that the request comes to tells it. */
  isPlanned: boolean
  isOver: boolean
}

/** Gives what happens to the answer, unless the model makes way for another one before it has begun. */
async function* write(
  { host, leaving, release }: Lease,
  writing: Writing,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  const moved = new AbortController()
  const move = (): void => moved.abort()
  leaving.addEventListener('abort', move, { once: true })
  if (leaving.aborted) move()
  try {
    for await (const event of host.generate(writing.task, AbortSignal.any([signal, moved.signal]))) {
      if (moved.signal.aborted) return
      // One that waits for another to read what they share has its slot.
      if (holdsSlot(event)) {
        writing.patience.stop()
        leaving.removeEventListener('abort', move)
      }
      if (event.type !== 'planned' || !writing.isPlanned) yield event
      if (event.type === 'planned') writing.isPlanned = true
    }
    writing.isOver = true
  } catch (error) {
    if (!moved.signal.aborted || signal.aborted) throw error
  } finally {
    leaving.removeEventListener('abort', move)
    release()
  }
}

interface Patience {
  /** Aborted when the request waited too long. */
  readonly signal: AbortSignal
  begin(): void
  stop(): void
}

function createPatience(milliseconds: number, toError: () => ModelError): Patience {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  return {
    signal: controller.signal,
    begin: () => {
      timer ??= setTimeout(() => controller.abort(toError()), milliseconds)
    },
    stop: () => clearTimeout(timer),
  }
}

function noTurn(model: string, milliseconds: number, retryAfterMs: number): ModelError {
  return new ModelError(
    'overloaded',
    `the request waited ${Math.ceil(milliseconds / 1000)} s for a slot of model '${model}' and none became free; try again later, or give the model more --slots`,
    { retryAfterMs },
  )
}
