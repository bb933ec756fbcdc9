import type { RulesCheck } from '../config/rules.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelAlias, RouteRule } from '../core/route-rules.ts'
import { writeModelPattern } from '../core/write-model-pattern.ts'
import { readRules } from '../routing/read-rules.ts'
import type { ReadyRules, RouteSettings } from '../routing/read-rules.ts'
import { RouteFault } from '../routing/route-fault.ts'

/** Makes rules and aliases ready. Throws `invalid-request`, naming the field, for what could not be followed. */
export function usableRules(settings: RouteSettings): ReadyRules {
  return read(settings, message => message)
}

/** Refuses a rule that requests could not be held against. */
export function assertUsableRoute(rule: RouteRule): void {
  read({ routes: [rule] }, withoutPlace)
}

/** Refuses aliases that lead in a circle, or that no name could be held against. */
export function assertUsableAliases(aliases: readonly ModelAlias[]): void {
  read({ aliases }, withoutPlace)
}

/** Tells what of a file's rules could not be followed, and where in the file it stands; nothing, where all can be. */
export const findRuleFault: RulesCheck = ({ routes, aliases }) => {
  try {
    readRules({ routes, aliases })
    return undefined
  } catch (error) {
    if (!(error instanceof RouteFault)) throw error
    const { field, problem } = error
    const [section, index, part] = field
    const alias = section === 'aliases' && typeof index === 'number' ? aliases[index] : undefined
    // The file has aliases by their patterns.
    if (alias) return { path: ['aliases', writeModelPattern(alias.alias)], isKey: part === 'alias', problem }
    return { path: field, isKey: false, problem }
  }
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
