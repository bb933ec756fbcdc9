import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import type { RuleSet } from '../store/merge-rules.ts'
import type { Attempts, NotedAttempt, WantedAttempts } from '../store/tables/attempts.ts'
import { openConfiguredStore } from './configured-store.ts'
import { createManageProviders } from './manage-providers.ts'
import type { ManageProviders, ProviderDependencies } from './manage-providers.ts'
import { createManageRoutes } from './manage-routes.ts'
import type { ManageRoutes } from './manage-routes.ts'

export type { NotedAttempt, WantedAttempts }

/** What the owner set up, to be looked at and changed. */
export interface OwnerRules {
  readonly providers: ManageProviders
  readonly routes: ManageRoutes
  /** What became of requests at each target. */
  readonly attempts: Pick<Attempts, 'list'>
  close(): Promise<void>
}

export interface OwnerRulesOptions {
  readonly config: Config
  readonly environment: Environment
  /** What the configuration file says; absent where there is none. */
  readonly file?: RuleSet
  readonly assertProvider?: ProviderDependencies['assertUsable']
  readonly check?: ProviderDependencies['check']
  readonly factsOf?: ProviderDependencies['factsOf']
}

const nothing: RuleSet = { providers: [], routes: [], aliases: [] }

/** Opens the store with what manages it. Throws a `ConfigError` for settings that do not fit it. */
export async function openOwnerRules(options: OwnerRulesOptions): Promise<OwnerRules> {
  const { config, environment, file = nothing, assertProvider, check, factsOf } = options
  const store = await openConfiguredStore(config, environment)
  return {
    providers: createManageProviders({
      store,
      file,
      ...(assertProvider && { assertUsable: assertProvider }),
      ...(check && { check }),
      ...(factsOf && { factsOf }),
    }),
    routes: createManageRoutes({ store, file }),
    attempts: store.attempts,
    close: () => store.close(),
  }
}
