import type { EmbedRequest, Embeddings } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelPool } from './pool.ts'
import type { Turns } from './turns.ts'

export interface EmbedMeans {
  readonly pool: ModelPool
  readonly turns: Turns
}

/** Has a model turn texts into vectors of length one, loading it if it is not loaded. Throws a `ModelError`. */
export async function embed(
  { model, texts, dimensions }: EmbedRequest,
  { pool, turns }: EmbedMeans,
  signal: AbortSignal,
): Promise<Embeddings> {
  const turn = turns.enter(model, pool.slots(model))
  try {
    const { host, release } = await pool.use(model, signal)
    try {
      requireLength(host.info.vectorLength, { model, dimensions })
      turn.begin()
      return await host.embed(texts, signal)
    } finally {
      release()
    }
  } finally {
    turn.leave()
  }
}

/* A model file does not tell whether the first numbers of its vectors can stand alone, so none are cut off. */
function requireLength(
  length: number | undefined,
  { model, dimensions }: { model: string; dimensions: number | undefined },
): void {
  if (length === undefined) {
    throw new ModelError(
      'invalid-request',
      `model: '${model}' writes answers and makes no embeddings; choose a model that is made for them`,
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
