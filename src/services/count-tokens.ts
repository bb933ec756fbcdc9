import type { ModelRequest } from '../core/request.ts'
import { demandOf } from '../routing/demand.ts'
import { askAble } from './ask-able.ts'
import type { RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/** Counts the tokens that a request would send to its model. Throws a `ModelError`. */
export type CountTokensService = (request: ModelRequest, call: RoutedCall) => Promise<number>

/** Makes the use-case of counting. */
export function createCountTokens(routing: RoutingMeans): CountTokensService {
  return askAble(routing, {
    demandOf: request => demandOf(request),
    of: backend => backend.countTokens?.bind(backend),
    lacking: 'that cannot count tokens; send the request with max_tokens 1 and read usage.input_tokens',
  })
}
