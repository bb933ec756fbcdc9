import type { EmbedRequest, Embeddings } from '../core/backend.ts'
import { embeddingDemand } from '../routing/demand.ts'
import { askAble } from './ask-able.ts'
import type { RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/** Turns texts into vectors. Throws a `ModelError`. */
export type EmbedService = (request: EmbedRequest, call: RoutedCall) => Promise<Embeddings>

/** Makes the use-case of embedding. */
export function createEmbed(routing: RoutingMeans): EmbedService {
  return askAble(routing, {
    demandOf: embeddingDemand,
    of: backend => backend.embed?.bind(backend),
    otherwise: { lacking: 'that makes no embeddings; choose another model' },
  })
}
