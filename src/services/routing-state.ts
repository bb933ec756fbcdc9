import type { ClientKey } from '../config/client-keys.ts'
import type { Snapshot } from '../config/config.ts'
import type { Elsewhere } from '../core/elsewhere.ts'
import type { ModelCard } from '../core/model-card.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { RestingTargets } from '../routing/target-health.ts'
import { findWaysOut, isRulesTarget, providersFor, reachableProviders } from '../routing/ways-out.ts'
import type { WayOut } from '../routing/ways-out.ts'
import type { ModelDirectory, RoutingView } from '../routing/view.ts'
import type { Store } from '../store/open-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { usableRules } from './check-rules.ts'
import type { LiveConfig } from './live-config.ts'
import { LiveRules } from './live-rules.ts'
import type { LiveRulesState } from './live-rules.ts'
import type { ModelSources } from './models.ts'
import type { OpenProvider, OpenProviderService } from './open-provider.ts'
import { ProvidersInUse } from './providers-in-use.ts'

/** A provider that counts as local because its owner marked it so, and is not on this machine. */
export interface MarkedLocal {
  readonly provider: string
  readonly kind: string
  readonly elsewhere: Elsewhere
}

export interface RoutingStateOptions {
  readonly config: LiveConfig
  readonly open: OpenProviderService
  /** The models on this machine as they are at this moment. */
  readonly directory: () => Promise<ModelDirectory>
  readonly health: RestingTargets
  readonly random: () => number
  readonly logger: Logger
}

/** Everything that decides where requests go, as the owner's file and the store have it at each moment. */
export interface RoutingState {
  /** Gives it as it is now. What was given never changes, so that a request keeps to one state. */
  view(): Promise<RoutingView>
  /** Lists the ways on which requests can leave the owner's machines. */
  waysOut(): Promise<readonly WayOut[]>
  /** Lists the providers that count as local and are not on this machine. */
  markedLocal(): readonly MarkedLocal[]
  /** What providers serve, under the names that requests use. Those that do not answer in time are left out. */
  cards: ModelSources['elsewhere']
  /** Gives how often a provider that rests is checked; nothing where it is not, or must not be asked. */
  checkEveryMs(provider: string): Promise<number | undefined>
  /** Asks a provider whether it is well. */
  isWell(provider: string, signal: AbortSignal): Promise<boolean>
  /** Takes the store's rules too, and follows them. Throws a `ModelError` where they cannot be used. */
  follow(store: Pick<Store, 'snapshot' | 'changes'>): Promise<void>
  /** The keys that open the server: those of the last configuration that could be used as a whole. */
  keys(): readonly ClientKey[]
  /** Follows no more. Settles when nothing of the store is read any more. */
  close(): Promise<void>
}

/** All that decides where requests go, of one moment. It never changes; later there is another one. */
interface Held extends Pick<RoutingView, 'rules'> {
  readonly providers: ReadonlyMap<string, OpenProvider>
  readonly isLocalOnly: boolean
  readonly isStrict: boolean
  readonly keys: readonly ClientKey[]
}

/* Before the first rest of a target is over. */
const usualCheckMs = 5000

/* A client that looks for models gives up after three seconds. */
const listMs = 2500

/** Makes the state of routing from the configuration alone; the store's part comes with `follow`. */
export function createRoutingState(options: RoutingStateOptions): RoutingState {
  return new FollowedRouting(options)
}

class FollowedRouting implements RoutingState {
  readonly #options: RoutingStateOptions
  readonly #providers: ProvidersInUse
  #held: Held
  #rules: LiveRules | undefined
  readonly #stopConfig: () => void

  constructor(options: RoutingStateOptions) {
    this.#options = options
    this.#providers = new ProvidersInUse(options.open)
    this.#held = this.#hold({ ...options.config.current().rules, shadowed: [], damaged: [] }, [])
    this.#stopConfig = options.config.onChange(snapshot => this.#takeFile(snapshot))
  }

  async view(): Promise<RoutingView> {
    const { health, random, config } = this.#options
    const directory = await this.#options.directory()
    // Nothing waits from here on: all that decides is of one moment.
    const { rules, providers, isLocalOnly, isStrict } = this.#held
    return {
      rules,
      directory,
      provider: id => providers.get(id),
      health,
      // A file that could not be used as a whole may still keep requests here, and never let them go.
      isLocalOnly: isLocalOnly || config.current().config.isLocalOnly,
      isStrict,
      random,
    }
  }

  async waysOut(): Promise<readonly WayOut[]> {
    return findWaysOut(
      await this.view(),
      this.#providers.all().map(([id]) => id),
    )
  }

  markedLocal(): readonly MarkedLocal[] {
    return this.#providers
      .all()
      .flatMap(([provider, { elsewhere, settings }]) =>
        elsewhere === undefined ? [] : [{ provider, kind: settings.kind, elsewhere }],
      )
  }

  async cards(circumstances: Circumstances): Promise<readonly ModelCard[]> {
    const signal = AbortSignal.timeout(listMs)
    const providers = this.#providers.all()
    // Who must not be sent anything is not asked for a list either.
    const ids = providers.map(([id]) => id)
    const able = providersFor(circumstances, await this.view(), ids)
    const asked = providers.filter(([id]) => able.includes(id))
    const lists = asked.map(async ([id, provider]) => {
      const cards = await provider.models(signal).catch((error: unknown) => this.#tellUnlisted(id, error))
      return cards.map(card => ({ ...card, id: `${id}/${card.id}`, ownedBy: id }))
    })
    return (await Promise.all(lists)).flat()
  }

  async checkEveryMs(id: string): Promise<number | undefined> {
    const provider = this.#held.providers.get(id)
    if (!provider?.isWell) return undefined
    const { checkEveryMs } = provider.settings
    const view = await this.view()
    const isMeant = checkEveryMs !== undefined || (provider.backend.isLocal && isRulesTarget(view, id))
    if (!isMeant || checkEveryMs === 'never') return undefined
    // Who must not be sent anything is not asked for its health either.
    return reachableProviders(view, [id]).includes(id) ? (checkEveryMs ?? usualCheckMs) : undefined
  }

  async isWell(id: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#held.providers.get(id)?.isWell?.(signal)) ?? false
  }

  async follow(store: Pick<Store, 'snapshot' | 'changes'>): Promise<void> {
    const { config, logger } = this.#options
    this.#rules = await LiveRules.open({
      store,
      file: config.current().rules,
      onChange: rules => this.#take(rules),
      onTrouble: error => logger.error({ error }, 'the stored rules cannot be read; they stay as they were'),
    })
    this.#apply(this.#rules.current)
  }

  keys(): readonly ClientKey[] {
    return this.#held.keys
  }

  async close(): Promise<void> {
    this.#stopConfig()
    this.#providers.close()
    await this.#rules?.close()
  }

  #takeFile({ rules }: Snapshot): void {
    if (this.#rules) this.#rules.setFile(rules)
    else this.#take({ ...rules, shadowed: [], damaged: [] })
  }

  /* What cannot be used leaves everything as it was: requests are not to be lost to a slip. */
  #take(rules: LiveRulesState): void {
    try {
      this.#apply(rules)
      this.#options.logger.info(
        { providers: rules.providers.map(({ id }) => id) },
        'rules and providers were read again',
      )
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      this.#options.logger.error({ reason }, 'rules and providers stay as they were')
    }
  }

  #apply(rules: LiveRulesState): void {
    this.#held = this.#hold(rules, this.#held.keys)
    const { logger } = this.#options
    for (const damage of rules.damaged) logger.error({ ...damage }, 'a stored record cannot be used')
    if (rules.damaged.length > 0)
      logger.error({ damaged: rules.damaged.length }, 'until that is mended, no request leaves')
    for (const { what, name } of rules.shadowed)
      logger.warn({ what, name }, 'the configuration file has another one of this name')
  }

  /** Makes what is held of rules. Throws for what cannot be used, and nothing is changed then. */
  #hold(rules: LiveRulesState, keysBefore: readonly ClientKey[]): Held {
    const ready = usableRules(rules)
    this.#providers.use(rules.providers)
    const { config, rules: file } = this.#options.config.current()
    return {
      rules: ready,
      providers: new Map(this.#providers.all()),
      // A record that cannot be read might be the one that keeps requests here.
      isLocalOnly: config.isLocalOnly || rules.damaged.length > 0,
      isStrict: config.isStrict,
      // A server that began with keys is not left open by a slip in the file.
      keys: file.keys.length > 0 ? file.keys : keysBefore,
    }
  }

  #tellUnlisted(provider: string, error: unknown): readonly ModelCard[] {
    this.#options.logger.debug({ provider, error }, 'the models of a provider are not known')
    return []
  }
}
