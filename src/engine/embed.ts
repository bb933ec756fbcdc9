import type { EmbedRequest, Embeddings } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import { measureTexts } from './measure-texts.ts'
import type { RunMeans } from './run-task.ts'

/** Has a model turn texts into vectors of length one, loading it if it is not loaded. Throws a `ModelError`. */
export function embed(
  { model, texts, dimensions }: EmbedRequest,
  means: Omit<RunMeans, 'queueTimeoutMs'>,
  signal: AbortSignal,
): Promise<Embeddings> {
  const task = { type: 'embed', texts } as const
  const accept = ({ vectorLength }: { readonly vectorLength?: number }): void =>
    requireLength(vectorLength, { model, dimensions })
  return measureTexts({ model, task, accept }, means, signal)
}

/* A model file does not tell whether the first numbers of its vectors can stand alone, so none are cut off. */
function requireLength(
  length: number | undefined,
  { model, dimensions }: { model: string; dimensions: number | undefined },
): void {
  if (length === undefined) {
    throw new ModelError(
      'invalid-request',
      `model: '${model}' makes no embeddings; choose a model that is made for them`,
      { field: ['model'], code: 'unsupported-value' },
    )
  }
  if (dimensions === undefined || dimensions === length) return
  throw new ModelError(
    'invalid-request',
    `dimensions: model '${model}' gives vectors of ${length} numbers and does not say that fewer would do, so they cannot be cut to ${dimensions}; leave it out`,
    { field: ['dimensions'], code: 'unsupported-value' },
  )
}
