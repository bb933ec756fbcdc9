import { ModelError } from '../core/errors.ts'
import type { ModelAlias, RouteRule } from '../core/route-rules.ts'
import { readRules } from '../routing/read-rules.ts'
import { RouteFault } from '../routing/route-fault.ts'

/** Refuses a rule that requests could not be held against. */
export function assertUsableRoute(rule: RouteRule): void {
  read(() => readRules({ routes: [rule] }))
}

/** Refuses aliases that lead in a circle, or that no name could be held against. */
export function assertUsableAliases(aliases: readonly ModelAlias[]): void {
  read(() => readRules({ aliases }))
}

function read(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof RouteFault)) throw error
    // Where it stands in the list means nothing to whoever adds one.
    const message = error.message.replace(/^(routes|aliases)\.\d+\./, '')
    throw new ModelError('invalid-request', message, { field: error.field, cause: error })
  }
}
