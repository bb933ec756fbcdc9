import { ModelError } from '../core/errors.ts'
import type { ModelRequest } from '../core/request.ts'
import { demandOf } from '../routing/demand.ts'
import { planRoute } from '../routing/plan-route.ts'
import { tryAgain } from '../routing/try-again.ts'
import type { RoutingView } from '../routing/view.ts'
import type { RoutedCall } from './routed-call.ts'

/** Counts the tokens that a request would send to its model. Throws a `ModelError`. */
export type CountTokensService = (request: ModelRequest, call: RoutedCall) => Promise<number>

/** Makes the use-case of counting: asks the first target that can count. */
export function createCountTokens(view: () => Promise<RoutingView>): CountTokensService {
  return async (request, { signal, circumstances }) => {
    const { targets } = planRoute(demandOf(request), circumstances, await view())
    for (const { backend, model } of targets) {
      const ask = backend.countTokens?.bind(backend)
      if (ask) return tryAgain(() => ask({ ...request, model }, signal), signal)
    }
    throw new ModelError(
      'invalid-request',
      `model: ${JSON.stringify(request.model)} is served by a backend that cannot count tokens; ` +
        'send the request with max_tokens 1 and read usage.input_tokens',
      { field: ['model'] },
    )
  }
}
