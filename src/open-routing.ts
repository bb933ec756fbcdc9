import { access } from 'node:fs/promises'
import { ConfigError } from './config/config.ts'
import type { Config } from './config/config.ts'
import { proxiesOf } from './config/proxies.ts'
import { dataFolder } from './config/folders.ts'
import { ModelError } from './core/errors.ts'
import { engineMeans } from './engine-means.ts'
import { createProvider } from './providers/create-provider.ts'
import { knowledgeInTime } from './providers/knowledge.ts'
import type { Knowledge } from './providers/knowledge.ts'
import { createOutbound } from './providers/outbound.ts'
import { createRunMeans } from './routing/run-means.ts'
import type { RunMeans } from './routing/run-means.ts'
import { openConfiguredStore } from './services/configured-store.ts'
import { checkHealth } from './services/health-checks.ts'
import type { LiveConfig } from './services/live-config.ts'
import type { LocalModels } from './services/local-models.ts'
import type { OpenProviderService } from './services/open-provider.ts'
import { PruneResponses } from './services/prune-responses.ts'
import type { RecordedAttempt } from './services/record-attempts.ts'
import { createRoutingState } from './services/routing-state.ts'
import type { RoutingState } from './services/routing-state.ts'
import { databasePath } from './store/open-database.ts'
import type { Store } from './store/open-store.ts'
import type { Responses } from './store/tables/responses.ts'
import type { Logger } from './telemetry/logger.ts'
import type { World } from './world.ts'

/** Where requests go, and what that is decided with. */
export interface Routing {
  readonly state: RoutingState
  readonly means: RunMeans
  /** Takes what the owner set up with commands too. Throws a `ConfigError` where that cannot be used. */
  follow(): Promise<void>
  /** Keeps what became of an attempt, from `follow` on and where anything can be kept. */
  note(attempt: RecordedAttempt): void
  /** The answers that are kept, from `follow` on and where anything can be kept. */
  responses(): Responses | undefined
  /** Forgets those whose time is over, from here on. Commands leave that to servers. */
  prune(): void
  close(): Promise<void>
}

export interface RoutingParts {
  readonly config: LiveConfig
  readonly local: LocalModels
  readonly logger: Logger
}

/** Opens providers and rules as the configuration has them. Throws a `ConfigError` for what cannot be used. */
export function openRouting({ config, local, logger }: RoutingParts, world: World): Routing {
  const first = config.current().config
  const outbound = createOutbound(proxiesOf(first))
  const means = createRunMeans({ now: () => performance.now(), random: () => Math.random() })
  const { random, health } = means
  const engines = engineMeans(first, world.environment, logger)
  let knowledge: Knowledge | undefined
  const open: OpenProviderService = settings => {
    knowledge ??= knowledgeInTime()
    return createProvider(settings, { outbound, now: () => Date.now(), knowledge, engines })
  }
  const { directory } = local
  const state = asConfig(() => createRoutingState({ config, open, directory, health, random, logger }))
  const checks = checkHealth({
    ...means,
    everyMs: provider => state.checkEveryMs(provider),
    isWell: (provider, signal) => state.isWell(provider, signal),
  })
  let store: Store | undefined
  const pruning = new PruneResponses({ table: () => store?.responses, logger })
  return {
    state,
    means,
    note: attempt => store?.attempts.note({ ...attempt, at: Date.now() - attempt.durationMs }),
    responses: () => store?.responses,
    prune: () => pruning.start(),
    follow: async () => {
      store = await openStore(first, { environment: world.environment, logger })
      if (store) await state.follow(store).catch(notUsable)
    },
    close: async () => {
      checks.close()
      await pruning.close()
      await state.close()
      await outbound.close()
      await store?.close()
    },
  }
}

/** Opens the store. Where there never was one and none can be made, the server does without. */
async function openStore(
  config: Config,
  { environment, logger }: Pick<World, 'environment'> & Pick<RoutingParts, 'logger'>,
): Promise<Store | undefined> {
  try {
    return await openConfiguredStore(config, environment)
  } catch (error) {
    if (!(error instanceof ModelError) || !(await hasNoStore(config, environment))) throw error
    logger.warn({ reason: error.message }, 'nothing is kept of what becomes of requests')
    return undefined
  }
}

async function hasNoStore(config: Config, environment: World['environment']): Promise<boolean> {
  if (config.databaseUrl !== undefined || config.databaseUrlFile !== undefined) return false
  // One that is there and may not be looked at might hold the rules that keep requests here.
  return access(databasePath(dataFolder(config, environment))).then(
    () => false,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT',
  )
}

function asConfig<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    return notUsable(error)
  }
}

/* What cannot be used at the start is a setting that cannot be used, and the shell is told so. */
function notUsable(error: unknown): never {
  if (!(error instanceof ModelError)) throw error
  throw new ConfigError(error.message, { cause: error })
}
