import type { Backend } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { Demand } from '../routing/demand.ts'
import { planRoute } from '../routing/plan-route.ts'
import type { PlannedTarget } from '../routing/route-plan.ts'
import { runCall } from '../routing/run-call.ts'
import { startTrace } from '../telemetry/observe.ts'
import { notePlan, recordAttempts, type RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/** Something that not every backend can do. */
export interface Ability<Request, Result> {
  readonly demandOf: (request: Request) => Demand
  /** Gives the backend's way to do it; undefined for one that cannot. */
  readonly of: (backend: Backend) => ((request: Request, signal: AbortSignal) => Promise<Result>) | undefined
  /** What a client is told whose model is served by none that can. */
  readonly lacking: string
}

/** Makes a use-case of asking the targets that can, in turn, until one does. Throws a `ModelError`. */
export function askAble<Request extends { readonly model: string }, Result>(
  routing: RoutingMeans,
  { demandOf, of, lacking }: Ability<Request, Result>,
): (request: Request, call: RoutedCall) => Promise<Result> {
  return async (request, { signal, circumstances, trace = startTrace() }) => {
    const demand = demandOf(request)
    trace.requestedModel = request.model
    const plan = planRoute(demand, circumstances, await routing.view())
    notePlan(plan, trace)
    const able = plan.targets.filter(({ backend }) => of(backend) !== undefined)
    const targets = comparable(stayingHere(able, plan.targets), demand)
    if (targets.length === 0) throw unable(request.model, lacking)
    const ask = async ({ backend, model }: PlannedTarget, signal: AbortSignal): Promise<Result> => {
      const way = of(backend)
      if (!way) throw unable(request.model, lacking)
      return way({ ...request, model }, signal)
    }
    return runCall(
      { ...plan, targets },
      { model: request.model, ask },
      { signal, means: routing.means, onAttempt: recordAttempts(trace, routing) },
    )
  }
}

/* Where the answer would come from here, what is asked beside it stays here too. */
function stayingHere(targets: readonly PlannedTarget[], [first]: readonly PlannedTarget[]): readonly PlannedTarget[] {
  return first?.isLocal === true ? targets.filter(({ isLocal }) => isLocal) : targets
}

/* Results of two models cannot be compared: another one answers only where its owner named it for that place. */
function comparable(targets: readonly PlannedTarget[], { isSteady }: Demand): readonly PlannedTarget[] {
  const [first] = targets
  return isSteady ? targets.filter(({ model, isNamed }) => isNamed || model === first?.model) : targets
}

function unable(model: string, lacking: string): ModelError {
  const told = `model: ${JSON.stringify(model)} is served by a backend ${lacking}`
  return new ModelError('invalid-request', told, { field: ['model'] })
}
