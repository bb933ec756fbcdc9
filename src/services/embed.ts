import type { EmbedRequest, Embeddings } from '../core/backend.ts'
import { embeddingDemand } from '../routing/demand.ts'
import type { RoutingView } from '../routing/view.ts'
import { askFirstAble } from './ask-first-able.ts'
import type { RoutedCall } from './routed-call.ts'

/** Turns texts into vectors. Throws a `ModelError`. */
export type EmbedService = (request: EmbedRequest, call: RoutedCall) => Promise<Embeddings>

/** Makes the use-case of embedding. */
export function createEmbed(view: () => Promise<RoutingView>): EmbedService {
  return askFirstAble(view, {
    demandOf: embeddingDemand,
    of: backend => backend.embed?.bind(backend),
    lacking: 'that makes no embeddings; choose another model',
  })
}
