import type { Circumstances } from '../core/route-rules.ts'
import { isLocalTarget } from './keep-private.ts'
import { inAnyCase, isForAll, isForSender } from './match-rule.ts'
import { targetName } from './route-plan.ts'
import { localProvider, type ProviderPlace, type RoutingView } from './view.ts'

/** One way on which requests can leave the owner's machines. */
export interface WayOut {
  /** The rule that leads there, or what is built in. */
  readonly route: string
  /** Where to, as `provider/model`; without a model, whichever was asked for. */
  readonly target: string
}

/**
 * Lists every way on which a request that nothing keeps local can leave the owner's machines: by a rule, by a model
 * that only seems to be here, or by a name that begins with a provider. With none of them, nothing leaves.
 */
export function findWaysOut(view: RoutingView, providers: readonly string[]): readonly WayOut[] {
  if (view.isLocalOnly === true) return []
  const byRule = view.rules.rules
    .filter(({ isLocalOnly }) => !isLocalOnly)
    .flatMap(({ name, targets }) =>
      targets
        .filter(({ provider, model }) => provider !== localProvider && leaves(view.provider(provider), model))
        .map(({ provider, model = '' }) => ({ route: name, target: nameOf(provider, model) })),
    )
  const here = view.directory.names().flatMap(name =>
    view.directory
      .targets(name)
      .filter(target => !isLocalTarget(target))
      .map(({ model }) => ({ route: 'here', target: nameOf(localProvider, model) })),
  )
  const isClosed = view.rules.rules.some(rule => rule.isLocalOnly && isForAll(rule))
  if (isClosed)
    return byRule.filter(({ route }) => !view.rules.rules.some(rule => rule.name === route && isForAll(rule)))
  const addressed = providers
    .filter(id => leaves(view.provider(id)))
    .map(provider => ({ route: 'addressed', target: provider }))
  return [...byRule, ...here, ...addressed]
}

/**
 * Lists the providers that any request may go to: those that are local, and those to which there is a way out. Nobody
 * else has to be asked for anything.
 */
export function reachableProviders(view: RoutingView, providers: readonly string[]): readonly string[] {
  const ways = findWaysOut(view, providers)
  return providers.filter(id => {
    const isLocal = view.provider(id)?.backend.isLocal === true
    return isLocal || ways.some(({ target }) => target === id || target.startsWith(`${id}/`))
  })
}

/** Whether a rule names a provider as a target. */
export function isRulesTarget({ rules }: Pick<RoutingView, 'rules'>, provider: string): boolean {
  return rules.rules.some(({ targets }) => targets.some(target => target.provider === provider))
}

/** Lists the providers that may answer something that is sent in these circumstances. */
export function providersFor(
  circumstances: Circumstances,
  view: RoutingView,
  providers: readonly string[],
): readonly string[] {
  const stays =
    circumstances.localOnly !== undefined ||
    view.rules.rules.some(rule => rule.isLocalOnly && !isForAll(rule) && isForSender(inAnyCase(rule), circumstances))
  const reachable = reachableProviders(view, providers)
  return stays ? reachable.filter(id => view.provider(id)?.backend.isLocal === true) : reachable
}

function leaves(place: ProviderPlace | undefined, model?: string): boolean {
  if (!place) return false
  const { backend } = place
  // Of an engine that offers models from elsewhere too, any model may be asked for.
  if (model === undefined) return !backend.isLocal || backend.isLocalModel !== undefined
  return !isLocalTarget({ backend, model })
}

function nameOf(provider: string, model: string): string {
  return model === '' ? provider : targetName({ provider, model })
}
