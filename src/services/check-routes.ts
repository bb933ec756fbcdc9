import { ModelError } from '../core/errors.ts'
import { readRules, type RouteSettings } from '../routing/read-rules.ts'
import { RouteFault } from '../routing/route-fault.ts'

/** Throws `invalid-request`, naming the field, for rules and aliases that could not be followed. */
export function checkRoutes(settings: RouteSettings): void {
  try {
    readRules(settings)
  } catch (error) {
    if (!(error instanceof RouteFault)) throw error
    throw new ModelError('invalid-request', error.message, { field: error.field, cause: error })
  }
}
