import type { Backend } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { Loss } from '../core/loss.ts'
import type { Demand } from '../routing/demand.ts'
import type { PlannedTarget, RoutePlan } from '../routing/route-plan.ts'
import { runCall, type Call } from '../routing/run-call.ts'
import type { RoutingView } from '../routing/view.ts'
import { startTrace, type AnswerTrace } from '../telemetry/observe.ts'
import { planNoted, recordAttempts, type RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/** Something that not every backend can do. */
export interface Ability<Request, Result> {
  readonly demandOf: (request: Request) => Demand
  /** Gives the backend's way to do it; undefined for one that cannot. */
  readonly of: (backend: Backend) => ((request: Request, signal: AbortSignal) => Promise<Result>) | undefined
  /** What a backend could not be told of a request; absent where that cannot be. */
  readonly losses?: (backend: Backend, request: Request) => readonly Loss[]
  readonly otherwise: Otherwise<Result>
}

/** What becomes of a target that cannot. */
type Otherwise<Result> =
  /** It is left out; where none is left, the client is told. */
  | { readonly lacking: string }
  /** It keeps its place, but is not asked: what is known of the request gives an estimate. */
  | { readonly estimate: (demand: Demand) => Result }

/** Makes a use-case of asking the plan's targets in turn until one does. Throws a `ModelError`. */
export function askAble<Request extends { readonly model: string }, Result>(
  routing: RoutingMeans,
  ability: Ability<Request, Result>,
): (request: Request, call: RoutedCall) => Promise<Result> {
  return async (request, { signal, circumstances, trace = startTrace() }) => {
    const demand = ability.demandOf(request)
    trace.requestedModel = request.model
    const view = await routing.view()
    const planIn = (view: RoutingView): RoutePlan => {
      const plan = planNoted({ demand, circumstances, trace }, view)
      return { ...plan, targets: targetsFor(demand, plan.targets, ability) }
    }
    return runCall(planIn(view), callOf({ request, demand, trace }, ability), {
      signal,
      means: routing.means,
      isStrict: circumstances.isStrict || view.isStrict === true,
      onAttempt: recordAttempts(trace, routing),
      replan: async () => planIn(await routing.view()),
    })
  }
}

interface Asked<Request> {
  readonly request: Request
  readonly demand: Demand
  readonly trace: AnswerTrace
}

function callOf<Request extends { readonly model: string }, Result>(
  { request, demand, trace }: Asked<Request>,
  { of, losses: lossesOf, otherwise }: Ability<Request, Result>,
): Call<Result> {
  const losses = ({ backend, model }: PlannedTarget) => lossesOf?.(backend, { ...request, model }) ?? []
  return {
    model: request.model,
    isAsked: ({ backend }) => of(backend) !== undefined,
    losses,
    ask: async (target, signal) => {
      const { backend, model } = target
      const lost = losses(target)
      const way = of(backend)
      const result = way ? await way({ ...request, model }, signal) : standIn(demand, otherwise)
      if (lost.length > 0) trace.losses = lost
      return result
    },
  }
}

function standIn<Result>(demand: Demand, otherwise: Otherwise<Result>): Result {
  if ('estimate' in otherwise) return otherwise.estimate(demand)
  throw unable(demand.model, otherwise.lacking)
}

function targetsFor<Request, Result>(
  demand: Demand,
  planned: readonly PlannedTarget[],
  { of, otherwise }: Ability<Request, Result>,
): readonly PlannedTarget[] {
  if ('estimate' in otherwise) return stayingHere(planned, planned)
  const able = planned.filter(({ backend }) => of(backend) !== undefined)
  const targets = comparable(stayingHere(able, planned), demand)
  if (targets.length === 0) throw unable(demand.model, otherwise.lacking)
  return targets
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
