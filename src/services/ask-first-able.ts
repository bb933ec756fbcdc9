import type { Backend } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { Demand } from '../routing/demand.ts'
import { planRoute } from '../routing/plan-route.ts'
import { tryAgain } from '../routing/try-again.ts'
import type { RoutingView } from '../routing/view.ts'
import type { RoutedCall } from './routed-call.ts'

/** Something that not every backend can do. */
export interface Ability<Request, Result> {
  readonly demandOf: (request: Request) => Demand
  /** Gives the backend's way to do it; undefined for one that cannot. */
  readonly of: (backend: Backend) => ((request: Request, signal: AbortSignal) => Promise<Result>) | undefined
  /** What a client is told whose model is served by none that can. */
  readonly lacking: string
}

/** Makes a use-case of asking the first target that can. Results of two models cannot be compared, so no other is asked. */
export function askFirstAble<Request extends { readonly model: string }, Result>(
  view: () => Promise<RoutingView>,
  { demandOf, of, lacking }: Ability<Request, Result>,
): (request: Request, call: RoutedCall) => Promise<Result> {
  return async (request, { signal, circumstances }) => {
    const { targets } = planRoute(demandOf(request), circumstances, await view())
    const mayLeave = targets[0]?.isLocal === false
    for (const { backend, model, isLocal } of targets) {
      // Where the answer would come from here, what is asked beside it stays here too.
      if (!isLocal && !mayLeave) break
      const ask = of(backend)
      if (ask) return tryAgain(() => ask({ ...request, model }, signal), signal)
    }
    const name = JSON.stringify(request.model)
    throw new ModelError('invalid-request', `model: ${name} is served by a backend ${lacking}`, { field: ['model'] })
  }
}
