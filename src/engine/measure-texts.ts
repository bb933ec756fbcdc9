import type { Embeddings } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import { HostEnded } from './host-exit.ts'
import type { TextTask, WorkerInfo } from './messages.ts'
import type { RunMeans } from './run-task.ts'
import { taskKey } from './task-key.ts'

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
  means: Omit<RunMeans, 'queueTimeoutMs'>,
  signal: AbortSignal,
): Promise<Embeddings> {
  const { model, task } = measured
  const { poison, trials, turns, pool } = means
  const key = taskKey(model, task)
  poison.check(key)
  const turn = turns.enter(model, pool.slots(model), '')
  let endTrial = noTrial
  try {
    if (poison.reached(key) !== undefined) endTrial = await trials.enter(model, signal)
    const made = await run(measured, { pool, begin: () => turn.begin() }, signal)
    poison.clear(key)
    return made
  } catch (error) {
    const end = error instanceof ModelError ? error.cause : undefined
    if (end instanceof HostEnded && end.isSuspect) poison.suspect(key, { processId: end.processId, reached: 0 })
    throw error
  } finally {
    endTrial()
    turn.leave()
  }
}

const noTrial = (): void => {}

async function run(
  { model, task, accept }: MeasuredTask,
  { pool, begin }: Pick<RunMeans, 'pool'> & { readonly begin: () => void },
  signal: AbortSignal,
): Promise<Embeddings> {
  const { host, release } = await pool.use(model, signal)
  try {
    accept(host.info)
    begin()
    return await host.measure(task, signal)
  } finally {
    release()
  }
}
