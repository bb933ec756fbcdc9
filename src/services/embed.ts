import type { EmbedRequest, Embeddings } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import { embeddingDemand } from '../routing/demand.ts'
import { planRoute } from '../routing/plan-route.ts'
import { tryAgain } from '../routing/try-again.ts'
import type { RoutingView } from '../routing/view.ts'
import type { RoutedCall } from './routed-call.ts'

/** Turns texts into vectors. Throws a `ModelError`. */
export type EmbedService = (request: EmbedRequest, call: RoutedCall) => Promise<Embeddings>

/** Makes the use-case of embedding: asks the first target that can. Vectors of two models cannot be compared. */
export function createEmbed(view: () => Promise<RoutingView>): EmbedService {
  return async (request, { signal, circumstances }) => {
    const { targets } = planRoute(embeddingDemand(request), circumstances, await view())
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
