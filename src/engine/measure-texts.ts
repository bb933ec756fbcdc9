import type { Embeddings } from '../core/backend.ts'
import type { TextTask, WorkerInfo } from './messages.ts'
import { runGuarded } from './run-guarded.ts'
import type { RunMeans } from './run-task.ts'
import { taskKey } from './task-key.ts'
import type { Turn } from './turns.ts'

export interface MeasuredTask {
  readonly model: string
  readonly task: TextTask
  /** Throws a `ModelError` where the model cannot do it. */
  readonly accept: (info: WorkerInfo) => void
}

/**
 * Has a model make vectors or scores of texts: takes a place in its queue, and has it loaded. A task with which the
 * model's process ended is remembered as an answer is. Throws a `ModelError`.
 */
export async function measureTexts(
  measured: MeasuredTask,
  { pool, turns, poison, trials }: Omit<RunMeans, 'queueTimeoutMs'>,
  signal: AbortSignal,
): Promise<Embeddings> {
  const { model, task } = measured
  const turn = turns.enter(model, pool.slots(model), '')
  try {
    const key = taskKey(model, task)
    const run = () => measure(measured, { pool, turn }, signal)
    const made = await runGuarded({ model, key, run }, { poison, trials }, signal)
    turn.finish()
    return made
  } finally {
    turn.leave()
  }
}

async function measure(
  { model, task, accept }: MeasuredTask,
  { pool, turn }: Pick<RunMeans, 'pool'> & { readonly turn: Turn },
  signal: AbortSignal,
): Promise<Embeddings> {
  const { host, release } = await pool.use(model, signal)
  try {
    accept(host.info)
    turn.begin()
    return await host.measure(task, signal)
  } finally {
    release()
  }
}
