import { ModelError } from '../core/errors.ts'
import type { ModelRequest } from '../core/request.ts'
import { planRoute, type ModelDirectory } from '../routing/plan-route.ts'
import { tryAgain } from '../routing/try-again.ts'

/** Counts the tokens that a request would send to its model. Throws a `ModelError`. */
export type CountTokensService = (request: ModelRequest, signal: AbortSignal) => Promise<number>

/** Makes the use-case of counting: asks the first target that can count. */
export function createCountTokens(directory: () => Promise<ModelDirectory>): CountTokensService {
  return async (request, signal) => {
    const { targets } = planRoute(request, await directory())
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
