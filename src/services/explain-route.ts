import type { ModelRequest } from '../core/request.ts'
import type { Circumstances } from '../core/route-rules.ts'
import { demandOf } from '../routing/demand.ts'
import { explainRoute, type RouteExplanation } from '../routing/plan-route.ts'

export type { RouteExplanation }
import type { RoutingView } from '../routing/view.ts'

/** Says where a request would go and why, rule by rule, without asking anybody. */
export type ExplainRouteService = (request: ModelRequest, circumstances: Circumstances) => Promise<RouteExplanation>

/** Makes the use-case of explaining a route. */
export function createExplainRoute(view: () => Promise<RoutingView>): ExplainRouteService {
  return async (request, circumstances) => explainRoute(demandOf(request), circumstances, await view())
}
