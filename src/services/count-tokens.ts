import type { Backend } from '../core/backend.ts'
import type { Loss } from '../core/loss.ts'
import type { ModelRequest } from '../core/request.ts'
import { demandOf } from '../routing/demand.ts'
import { askAble } from './ask-able.ts'
import type { RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/**
 * Counts the tokens that a request would send to its model. Where the answer would come from a target that cannot count,
 * they are estimated: the prompt is sent to nobody who would not get it with the request. Throws a `ModelError`.
 */
export type CountTokensService = (request: ModelRequest, call: RoutedCall) => Promise<number>

/** Makes the use-case of counting. */
export function createCountTokens(routing: RoutingMeans): CountTokensService {
  return askAble(routing, {
    demandOf: request => demandOf(request),
    of: backend => backend.countTokens?.bind(backend),
    losses: promptLosses,
    otherwise: { estimate: ({ promptTokens }) => promptTokens },
  })
}

/* A limit for the answer, which some targets must be given, is no part of the prompt. */
function promptLosses(backend: Backend, request: ModelRequest): readonly Loss[] {
  return (backend.losses?.(request) ?? []).filter(({ field }) => field !== 'maxTokens')
}
