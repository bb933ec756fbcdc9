import type { EmbedRequest, Embeddings } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import { planRoute, type ModelDirectory } from '../routing/plan-route.ts'
import { tryAgain } from '../routing/try-again.ts'

/** Turns texts into vectors. Throws a `ModelError`. */
export type EmbedService = (request: EmbedRequest, signal: AbortSignal) => Promise<Embeddings>

/** Makes the use-case of embedding: asks the first target that can. Vectors of two models cannot be compared. */
export function createEmbed(directory: () => Promise<ModelDirectory>): EmbedService {
  return async (request, signal) => {
    const { targets } = planRoute(request, await directory())
    for (const { backend, model } of targets) {
      const ask = backend.embed?.bind(backend)
      if (ask) return tryAgain(() => ask({ ...request, model }, signal), signal)
    }
    throw new ModelError(
      'invalid-request',
      `model: ${JSON.stringify(request.model)} is served by a backend that makes no embeddings; choose another model`,
      { field: ['model'] },
    )
  }
}
