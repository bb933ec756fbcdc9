import type { ChatPrompt } from './chat-prompt.ts'
import type { ModelPool } from './pool.ts'
import { runGuarded } from './run-guarded.ts'
import type { GuardMeans } from './run-guarded.ts'
import { taskKey } from './task-key.ts'
import { waitFor } from './wait-for.ts'

export interface CountMeans extends GuardMeans {
  readonly pool: ModelPool
}

/**
 * Has a model count the tokens of a conversation, loading it if it is not loaded. It takes no place in the queue: a
 * count needs no slot. Whoever leaves stops waiting, and the count goes on to its end, so that what ends a process is
 * known by then. Throws a `ModelError`.
 */
export async function countTokens(
  { model, prompt }: { readonly model: string; readonly prompt: ChatPrompt },
  { pool, poison, trials }: CountMeans,
  signal: AbortSignal,
): Promise<number> {
  const key = taskKey(model, { type: 'count', prompt })
  const run = async (): Promise<number> => {
    const { host, release } = await pool.use(model, signal)
    return host.count(prompt).finally(release)
  }
  return waitFor(runGuarded({ model, key, run }, { poison, trials }, signal), signal)
}
