import { ModelError } from '../core/errors.ts'
import type { ModelAlias, RouteRule } from '../core/route-rules.ts'
import { readRules } from '../routing/read-rules.ts'
import type { ReadyRules, RouteSettings } from '../routing/read-rules.ts'
import { RouteFault } from '../routing/route-fault.ts'

/** Makes rules and aliases ready. Throws `invalid-request`, naming the field, for what could not be followed. */
export function usableRules(settings: RouteSettings): ReadyRules {
  return read(settings, message => message)
}

/** Throws as `usableRules` does. */
export function checkRoutes(settings: RouteSettings): void {
  usableRules(settings)
}

/** Refuses a rule that requests could not be held against. */
export function assertUsableRoute(rule: RouteRule): void {
  read({ routes: [rule] }, withoutPlace)
}

/** Refuses aliases that lead in a circle, or that no name could be held against. */
export function assertUsableAliases(aliases: readonly ModelAlias[]): void {
  read({ aliases }, withoutPlace)
}

function read(settings: RouteSettings, tell: (message: string) => string): ReadyRules {
  try {
    return readRules(settings)
  } catch (error) {
    if (!(error instanceof RouteFault)) throw error
    throw new ModelError('invalid-request', tell(error.message), { field: error.field, cause: error })
  }
}

/* Where it stands in the list means nothing to whoever adds one. */
function withoutPlace(message: string): string {
  return message.replace(/^(routes|aliases)\.\d+\./, '')
}
