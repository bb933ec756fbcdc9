import type { FieldPath } from '../core/errors.ts'
import { routeLimits } from '../core/route-limits.ts'
import type { Timeouts } from '../core/provider-settings.ts'
import type { ModelAlias, RouteRule, RouteTarget } from '../core/route-rules.ts'
import { readAliases, type AliasResolver } from './aliases.ts'
import { compileGlob, compilePattern, type Comparison, type Matcher } from './model-pattern.ts'
import { RouteFault } from './route-fault.ts'

/** A rule with its patterns ready to match. */
export interface ReadyRule extends RouteRule, RuleMatchers {
  /** The same patterns, for which big and small letters are alike. */
  readonly inAnyCase: RuleMatchers
}

/** What tells whether a rule is for a request. */
export interface RuleMatchers {
  readonly matchesModel?: Matcher
  readonly matchesHeaders: readonly { readonly name: string; readonly glob: string; readonly matches: Matcher }[]
}

/** The owner's rules and aliases, checked and ready for requests. It never changes. */
export interface ReadyRules {
  readonly rules: readonly ReadyRule[]
  readonly resolveAlias: AliasResolver
}

/** What routes are made of, as the owner wrote it. */
export interface RouteSettings {
  readonly routes?: readonly RouteRule[]
  readonly aliases?: readonly ModelAlias[]
}

/** Checks rules and aliases and makes them ready. Throws a `RouteFault` that names the first thing that is wrong. */
export function readRules({ routes = [], aliases = [] }: RouteSettings): ReadyRules {
  checkCount(routes.length, ['routes'], routeLimits.rules)
  const names = new Set<string>()
  const ready = routes.map((rule, index) => {
    const at = ['routes', index]
    if (names.has(rule.name))
      throw new RouteFault([...at, 'name'], `${JSON.stringify(rule.name)} is another rule's name too`)
    names.add(rule.name)
    return readRule(rule, at)
  })
  return { rules: ready, resolveAlias: readAliases(aliases) }
}

function readRule(rule: RouteRule, at: FieldPath): ReadyRule {
  const { name, match, targets, isLocalOnly, mostWaitMs } = rule
  if (!/^[^\p{Cc}]{1,100}$/u.test(name)) {
    throw new RouteFault([...at, 'name'], `${JSON.stringify(name)} is no name; use 1 to 100 letters on one line`)
  }
  if (targets.length === 0 && !isLocalOnly) {
    throw new RouteFault([...at, 'targets'], 'are missing; only a rule that is local-only may leave them to others')
  }
  checkCount(targets.length, [...at, 'targets'], routeLimits.targets)
  checkNumber(mostWaitMs, [...at, 'most-wait'], routeLimits.milliseconds)
  targets.forEach((target, index) => checkTarget(target, [...at, 'targets', index]))
  checkSize(match.promptTokens, [...at, 'match', 'prompt-tokens'])
  const inMatch = [...at, 'match']
  return {
    ...rule,
    ...compileMatch(match, { at: inMatch }),
    inAnyCase: compileMatch(match, { at: inMatch, ignoresCase: true }),
  }
}

function compileMatch(
  { model, headers = {} }: RouteRule['match'],
  { at, ...comparison }: Comparison & { readonly at: FieldPath },
): RuleMatchers {
  return {
    ...(model && { matchesModel: RouteFault.within([...at, 'model'], () => compilePattern(model, comparison)) }),
    matchesHeaders: Object.entries(headers).map(([header, glob]) => ({
      name: header.toLowerCase(),
      glob,
      matches: RouteFault.within([...at, 'headers', header], () => compileGlob(glob, comparison)),
    })),
  }
}

function checkTarget({ provider, model, weight, retries, timeouts = {} }: RouteTarget, at: FieldPath): void {
  if (provider === '') throw new RouteFault([...at, 'provider'], 'is empty; "local" is the embedded engine')
  if (model === '') throw new RouteFault([...at, 'model'], 'is empty; leave it out to keep the name that was asked for')
  checkNumber(weight, [...at, 'weight'], routeLimits.weight)
  checkNumber(retries, [...at, 'retries'], routeLimits.retries)
  if (retries !== undefined && !Number.isInteger(retries))
    throw new RouteFault([...at, 'retries'], 'is not a whole number')
  checkTimeouts(timeouts, [...at, 'timeouts'])
}

function checkTimeouts(timeouts: Timeouts, at: FieldPath): void {
  for (const [name, value] of Object.entries(timeouts)) {
    checkNumber(value, [...at, name], routeLimits.milliseconds)
    if (value === 0)
      throw new RouteFault([...at, name], 'is 0, in which nothing can be answered; leave it out for no limit')
  }
}

function checkSize(size: RouteRule['match']['promptTokens'], at: FieldPath): void {
  const { atLeast, atMost } = size ?? {}
  checkNumber(atLeast, [...at, 'at-least'], Number.MAX_SAFE_INTEGER)
  checkNumber(atMost, [...at, 'at-most'], Number.MAX_SAFE_INTEGER)
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) {
    throw new RouteFault(at, `matches nothing: at-least ${atLeast} is more than at-most ${atMost}`)
  }
}

function checkCount(count: number, at: FieldPath, most: number): void {
  if (count > most) throw new RouteFault(at, `are ${count}; ${most} are allowed`)
}

function checkNumber(value: number | undefined, at: FieldPath, most: number): void {
  if (value === undefined || (value >= 0 && value <= most)) return
  throw new RouteFault(at, `is ${value}; use a number from 0 to ${most}`)
}
