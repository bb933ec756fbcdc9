import type { ModelCard } from '../core/model-card.ts'
import type { Prices, ProviderSettings } from '../core/provider-settings.ts'
import { defined } from '../protocols/json.ts'
import { createBackend } from './http-backend.ts'
import { elsewhereOf } from './elsewhere.ts'
import { KeptList } from './kept-list.ts'
import type { Knowledge, Known } from './knowledge.ts'
import { readModels } from './model-list.ts'
import { planEngine } from './managed/engine-plan.ts'
import { isManaged, manageEngine } from './managed/manage.ts'
import type { ManagedMeans } from './managed/manage.ts'
import { manageProvider } from './managed/managed-provider.ts'
import type { Outbound } from './outbound.ts'
import type { ListedModel, Provider } from './provider.ts'
import { kindOf } from './registry.ts'
import { Upstream } from './upstream.ts'

/** What all providers share. */
export interface Means {
  readonly outbound: Outbound
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Absent: of models nothing is known but what their provider and its owner say. */
  readonly knowledge?: Knowledge
  /** Absent: engines that are started get nothing of our environment, and nobody hears of them. */
  readonly engines?: ManagedMeans
}

/** Makes a provider of what its owner set. Asks nobody yet. Throws `invalid-request` for settings that cannot work. */
export function createProvider(settings: ProviderSettings, means: Means): Provider {
  const kind = kindOf(settings)
  if (!isManaged(settings)) {
    const upstream = new Upstream(settings, kind, means.outbound)
    return { ...createAsked(upstream, means), isWell: signal => upstream.isHealthy(signal) }
  }
  const planned = planEngine(settings, kind)
  const upstream = new Upstream(planned, kind, means.outbound)
  const engine = manageEngine(upstream, planned, { ...means.engines, now: means.now })
  // To look at a list is no reason to start a program.
  const asked = createAsked(upstream, means, () => engine.state === 'ready')
  return manageProvider({ ...asked, settings }, engine)
}

function createAsked(upstream: Upstream, means: Means, mayBeAsked = () => true): Provider {
  const list = new KeptList(signal => fetchList(upstream, signal), means.now)
  const view = new ModelView({ ...means, upstream, list })
  return {
    settings: upstream.settings,
    ...defined({ elsewhere: elsewhereOf(upstream) }),
    backend: createBackend(upstream, model => view.capabilities(model).contextTokens),
    capabilities: model => view.capabilities(model),
    models: async signal => view.cards(mayBeAsked() ? await list.get(signal) : (list.known ?? [])),
    check: async signal => view.cards(await list.renew(signal)),
    prices: model => view.prices(model),
    close: () => list.close(),
  }
}

async function fetchList({ kind, ask }: Upstream, signal: AbortSignal): Promise<readonly ListedModel[]> {
  if (kind.modelsPath === undefined) return []
  return (kind.readModels ?? readModels)(await ask({ path: kind.modelsPath, signal }))
}

interface Sources extends Pick<Means, 'now' | 'knowledge'> {
  readonly upstream: Upstream
  readonly list: KeptList
}

/** What is known of a provider's models: its owner knows best, then itself, then the data that comes with the program. */
class ModelView {
  readonly #sources: Sources

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** Gives what is listed, and what only the owner knows of. */
  cards(listed: readonly ListedModel[]): readonly ModelCard[] {
    const { settings, isLocal } = this.#sources.upstream
    const names = new Set(listed.map(({ id }) => id))
    const added = (settings.models ?? []).filter(({ id }) => !names.has(id)).map(({ id }) => unlisted(id))
    // One that counts as local refuses what somebody else's machine would answer.
    const served = [...listed, ...added].filter(({ isElsewhere }) => !isLocal || isElsewhere !== true)
    return served.map(model => this.#card(model))
  }

  capabilities(model: string): ModelCard['capabilities'] {
    return {
      ...this.#known(model).capabilities,
      ...this.#listed(model)?.capabilities,
      ...this.#own(model)?.capabilities,
    }
  }

  prices(model: string): Prices {
    return { ...this.#known(model).prices, ...this.#listed(model)?.prices, ...this.#own(model)?.prices }
  }

  #card({ id, displayName, createdSeconds, ownedBy, capabilities }: ListedModel): ModelCard {
    const owner = ownedBy ?? this.#sources.upstream.settings.id
    const known = { ...this.#known(id).capabilities, ...capabilities, ...this.#own(id)?.capabilities }
    return { id, displayName, createdSeconds, ownedBy: owner, capabilities: known }
  }

  #known(model: string): Known {
    const { upstream, now, knowledge } = this.#sources
    const { knownAs } = upstream.kind
    if (knownAs === undefined || !knowledge) return { capabilities: {}, prices: {} }
    return knowledge.lookUp(knownAs, model, now())
  }

  #listed(model: string): ListedModel | undefined {
    return this.#sources.list.known?.find(({ id }) => id === model)
  }

  #own(model: string): NonNullable<ProviderSettings['models']>[number] | undefined {
    return this.#sources.upstream.settings.models?.find(({ id }) => id === model)
  }
}

function unlisted(id: string): ListedModel {
  return { id, displayName: id, createdSeconds: 0, capabilities: {} }
}
