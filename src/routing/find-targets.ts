import type { RouteTarget } from '../core/route-rules.ts'
import { hasConditionBesideModel, isForAll, whyNotFor, type Subject } from './match-rule.ts'
import type { ReadyRule } from './read-rules.ts'
import { targetName, type RouteStep } from './route-plan.ts'
import { localProvider, type ProviderPlace, type RoutingView, type Target } from './view.ts'

/** A place where a request may go, with what its rule says of it. */
export interface Candidate extends Target {
  readonly provider: string
  readonly place?: ProviderPlace
  readonly wish: Omit<RouteTarget, 'provider' | 'model'>
  /** Whether this model was named for this provider, by a rule or by the request. */
  readonly isNamed: boolean
}

/** What decided, and where it sends the request, in the order that it gives. */
export interface Found {
  readonly route: string
  readonly rule?: ReadyRule
  readonly candidates: readonly Candidate[]
}

type Tell = (step: RouteStep) => void

/**
 * Finds what decides about a request: the first rule that is for it, or a model that is here, or the provider that its
 * name begins with, or at last the first rule that is for every request. Gives nothing where nothing does.
 */
export function findTargets(subject: Subject, view: RoutingView, tell: Tell): Found | undefined {
  const here = view.directory.targets(subject.model)
  return (
    findByRule(subject, { view, tell, isHere: here.length > 0, isLast: false }) ??
    findHere(here, subject, tell) ??
    findAddressed(subject, view, tell) ??
    findByRule(subject, { view, tell, isHere: false, isLast: true })
  )
}

interface Means {
  readonly view: RoutingView
  readonly tell: Tell
  readonly isHere: boolean
  /** Whether the turn is of the rules that are for every request. */
  readonly isLast: boolean
}

function findByRule(subject: Subject, { view, tell, isHere, isLast }: Means): Found | undefined {
  for (const rule of view.rules.rules.filter(rule => isForAll(rule) === isLast)) {
    const why = whyNotFor(rule, subject) ?? whyLeft(rule, isHere)
    tell({ about: 'rule', name: rule.name, verdict: why ? 'passed-over' : 'holds', why: why ?? whyHeld(rule) })
    if (why) continue
    const candidates = rule.targets.flatMap(target => resolve(target, nameAt(target, rule, subject), { view, tell }))
    return { route: rule.name, rule, candidates }
  }
  return undefined
}

/* A rule that is for the name that was asked for, and not for what an alias made of it, means that name at a provider. */
function nameAt({ provider }: RouteTarget, { matchesModel }: ReadyRule, { demand, model }: Subject): string {
  const isForAlias = matchesModel !== undefined && !matchesModel(model)
  return isForAlias && provider !== localProvider ? demand.model : model
}

/* A model that is here is served here: a rule must mean it to send it away, not merely have a pattern that fits. */
function whyLeft(rule: ReadyRule, isHere: boolean): string | undefined {
  if (rule.targets.length === 0) return 'it names no targets'
  const meansIt =
    rule.match.model?.type === 'exact' ||
    hasConditionBesideModel(rule) ||
    rule.targets.some(({ provider }) => provider === localProvider)
  return isHere && !meansIt
    ? 'the model is here, and the rule has but a pattern for names and no local target'
    : undefined
}

function whyHeld(rule: ReadyRule): string {
  return isForAll(rule) ? 'it is for every request that nothing else decides' : 'every condition holds'
}

function findHere(here: readonly Target[], { model }: Subject, tell: Tell): Found | undefined {
  if (here.length === 0) return undefined
  tell({
    about: 'built-in',
    name: 'here',
    verdict: 'holds',
    why: `${JSON.stringify(model)} is here, and is served here`,
  })
  return {
    route: 'here',
    candidates: here.map(target => ({ ...target, provider: localProvider, wish: {}, isNamed: true })),
  }
}

function findAddressed({ model: name }: Subject, view: RoutingView, tell: Tell): Found | undefined {
  const slash = name.indexOf('/')
  const provider = name.slice(0, Math.max(slash, 0))
  const model = name.slice(slash + 1)
  if (provider === '' || model === '' || !isKnown(provider, view)) return undefined
  tell({ about: 'built-in', name: 'addressed', verdict: 'holds', why: `the name begins with the provider ${provider}` })
  return { route: 'addressed', candidates: resolve({ provider, model }, name, { view, tell }) }
}

function isKnown(provider: string, view: RoutingView): boolean {
  return provider === localProvider || view.provider(provider) !== undefined
}

function resolve(
  target: RouteTarget,
  asked: string,
  { view, tell }: Pick<Means, 'view' | 'tell'>,
): readonly Candidate[] {
  const { provider, model = asked, ...wish } = target
  const why = provider === localProvider ? 'no such model is here' : 'no such provider is set up'
  const found = provider === localProvider ? findLocal(model, view) : findRemote(provider, model, view)
  if (found.length === 0) tell({ about: 'target', name: targetName({ provider, model }), verdict: 'removed', why })
  return found.map(candidate => ({ ...candidate, provider, wish, isNamed: target.model !== undefined }))
}

function findLocal(model: string, view: RoutingView): readonly Target[] {
  return view.directory.targets(model)
}

function findRemote(
  provider: string,
  model: string,
  view: RoutingView,
): readonly (Target & { place: ProviderPlace })[] {
  const place = view.provider(provider)
  if (!place) return []
  const capabilities = place.capabilities?.(model)
  return [{ backend: place.backend, model, place, ...(capabilities && { capabilities }) }]
}
