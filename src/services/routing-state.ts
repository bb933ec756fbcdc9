import type { Snapshot } from '../config/config.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelCard } from '../core/model-card.ts'
import { readRules } from '../routing/read-rules.ts'
import type { ReadyRules } from '../routing/read-rules.ts'
import { RouteFault } from '../routing/route-fault.ts'
import type { RestingTargets } from '../routing/target-health.ts'
import { findWaysOut } from '../routing/ways-out.ts'
import type { WayOut } from '../routing/ways-out.ts'
import type { ModelDirectory, RoutingView } from '../routing/view.ts'
import { reachableProviders } from '../routing/ways-out.ts'
import type { Store } from '../store/open-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { LiveConfig } from './live-config.ts'
import { LiveRules } from './live-rules.ts'
import type { LiveRulesState } from './live-rules.ts'
import type { OpenProviderService } from './open-provider.ts'
import { ProvidersInUse } from './providers-in-use.ts'

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
  /** What providers serve, under the names that requests use. Those that do not answer in time are left out. */
  cards(): Promise<readonly ModelCard[]>
  /** Takes the store's rules too, and follows them. Throws a `ModelError` where they cannot be used. */
  follow(store: Pick<Store, 'snapshot' | 'changes'>): Promise<void>
  close(): void
}

/* A client that looks for models gives up after three seconds. */
const listMs = 2500

/** Makes the state of routing from the configuration alone; the store's part comes with `follow`. */
export function createRoutingState(options: RoutingStateOptions): RoutingState {
  return new FollowedRouting(options)
}

class FollowedRouting implements RoutingState {
  readonly #options: RoutingStateOptions
  readonly #providers: ProvidersInUse
  #ready: ReadyRules
  /** Rules of the store that cannot be read might be those that keep requests here. */
  #hasDamagedRules = false
  #rules: LiveRules | undefined
  readonly #stopConfig: () => void

  constructor(options: RoutingStateOptions) {
    this.#options = options
    this.#providers = new ProvidersInUse(options.open)
    const { rules } = options.config.current()
    this.#ready = read(rules)
    this.#providers.use(rules.providers)
    this.#stopConfig = options.config.onChange(snapshot => this.#takeFile(snapshot))
  }

  async view(): Promise<RoutingView> {
    const { directory, health, random, config } = this.#options
    const [ready, isDamaged] = [this.#ready, this.#hasDamagedRules]
    return {
      rules: ready,
      directory: await directory(),
      provider: id => this.#providers.get(id),
      health,
      isLocalOnly: config.current().config.isLocalOnly || isDamaged,
      isStrict: config.current().config.isStrict,
      random,
    }
  }

  async waysOut(): Promise<readonly WayOut[]> {
    return findWaysOut(
      await this.view(),
      this.#providers.all().map(([id]) => id),
    )
  }

  async cards(): Promise<readonly ModelCard[]> {
    const signal = AbortSignal.timeout(listMs)
    const providers = this.#providers.all()
    // Who must not be sent anything is not asked for a list either.
    const reachable = reachableProviders(
      await this.view(),
      providers.map(([id]) => id),
    )
    const asked = providers.filter(([id]) => reachable.includes(id))
    const lists = asked.map(async ([id, provider]) => {
      const cards = await provider.models(signal).catch((error: unknown) => this.#tellUnlisted(id, error))
      return cards.map(card => ({ ...card, id: `${id}/${card.id}`, ownedBy: id }))
    })
    return (await Promise.all(lists)).flat()
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

  close(): void {
    this.#stopConfig()
    this.#rules?.close()
    this.#providers.close()
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
    const ready = read(rules)
    this.#providers.use(rules.providers)
    this.#ready = ready
    this.#hasDamagedRules = rules.damaged.some(({ table }) => table === 'routes')
    const { logger } = this.#options
    for (const damage of rules.damaged) logger.error({ ...damage }, 'a stored record cannot be used')
    if (this.#hasDamagedRules)
      logger.error({ table: 'routes' }, 'a stored rule cannot be used, so no request leaves this machine')
    for (const { what, name } of rules.shadowed)
      logger.warn({ what, name }, 'the configuration file has another one of this name')
  }

  #tellUnlisted(provider: string, error: unknown): readonly ModelCard[] {
    this.#options.logger.debug({ provider, error }, 'the models of a provider are not known')
    return []
  }
}

function read(rules: Pick<LiveRulesState, 'routes' | 'aliases'>): ReadyRules {
  try {
    return readRules(rules)
  } catch (error) {
    if (!(error instanceof RouteFault)) throw error
    throw new ModelError('invalid-request', error.message, { field: error.field, cause: error })
  }
}
