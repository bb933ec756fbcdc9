import type { Ranking, RerankRequest } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import { measureTexts } from './measure-texts.ts'
import type { WorkerInfo } from './messages.ts'
import type { RunMeans } from './run-task.ts'

/** Has a model say how well documents answer a query, loading it if it is not loaded. Throws a `ModelError`. */
export async function rerank(
  { model, query, documents }: RerankRequest,
  means: Omit<RunMeans, 'queueTimeoutMs'>,
  signal: AbortSignal,
): Promise<Ranking> {
  const task = { type: 'rank', query, documents } as const
  const accept = ({ use }: WorkerInfo): void => {
    if (use !== 'scores') throw ranksNothing(model)
  }
  const { vectors, inputTokens } = await measureTexts({ model, task, accept }, means, signal)
  return { scores: vectors.map(([score = 0]) => score), inputTokens }
}

function ranksNothing(model: string): ModelError {
  return new ModelError('invalid-request', `model: '${model}' ranks nothing; choose a model that is made to rank`, {
    field: ['model'],
    code: 'unsupported-value',
  })
}
