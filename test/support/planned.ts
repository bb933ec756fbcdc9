import type { Backend } from '../../src/core/backend.ts'
import type { PlannedTarget, RoutePlan } from '../../src/routing/route-plan.ts'

/** A target of a plan, as a provider of the backend's own name. */
export function planned(backend: Backend, changes: Partial<PlannedTarget> = {}): PlannedTarget {
  return {
    backend,
    model: 'm',
    provider: backend.name,
    isLocal: backend.isLocal,
    isNamed: false,
    timeouts: {},
    retries: 0,
    ...changes,
  }
}

/** A plan that tries these targets in turn. */
export function planOf(...targets: readonly PlannedTarget[]): RoutePlan {
  return { route: 'test', targets, steps: [] }
}
