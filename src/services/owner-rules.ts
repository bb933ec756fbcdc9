import { readFile } from 'node:fs/promises'
import { ConfigError } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { dataFolder } from '../config/folders.ts'
import { ModelError } from '../core/errors.ts'
import type { RuleSet } from '../store/merge-rules.ts'
import type { Store, StoreOptions } from '../store/open-store.ts'
import { createManageProviders } from './manage-providers.ts'
import type { ManageProviders, ProviderDependencies } from './manage-providers.ts'
import { createManageRoutes } from './manage-routes.ts'
import type { ManageRoutes } from './manage-routes.ts'

/** What the owner set up, to be looked at and changed. */
export interface OwnerRules {
  readonly providers: ManageProviders
  readonly routes: ManageRoutes
  close(): Promise<void>
}

export interface OwnerRulesOptions {
  readonly config: Config
  readonly environment: Environment
  /** What the configuration file says; absent where there is none. */
  readonly file?: RuleSet
  readonly assertProvider?: ProviderDependencies['assertUsable']
  readonly check?: ProviderDependencies['check']
}

const nothing: RuleSet = { providers: [], routes: [], aliases: [] }

/** Opens the store with what manages it. Throws a `ConfigError` for settings that do not fit it. */
export async function openOwnerRules(options: OwnerRulesOptions): Promise<OwnerRules> {
  const { config, environment, file = nothing, assertProvider, check } = options
  const store = await openConfiguredStore(config, environment)
  return {
    providers: createManageProviders({
      store,
      file,
      ...(assertProvider && { assertUsable: assertProvider }),
      ...(check && { check }),
    }),
    routes: createManageRoutes({ store, file }),
    close: () => store.close(),
  }
}

/** Opens the store that the configuration names. */
export async function openConfiguredStore(config: Config, environment: Environment): Promise<Store> {
  const options = await storeOptions(config, environment)
  // Most commands need no database, and need not wait for it to load.
  const { openStore } = await import('../store/open-store.ts')
  try {
    return await openStore(options)
  } catch (error) {
    if (error instanceof ModelError && error.kind === 'conflict') throw new ConfigError(error.message, { cause: error })
    throw error
  }
}

async function storeOptions(config: Config, environment: Environment): Promise<StoreOptions> {
  const { masterKey, masterKeyFile } = config
  const databaseUrl = await databaseUrlOf(config)
  return {
    dataDirectory: dataFolder(config, environment),
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(masterKey !== undefined && { masterKey }),
    ...(masterKeyFile !== undefined && { masterKeyFile }),
    now: () => Date.now(),
  }
}

async function databaseUrlOf({ databaseUrl, databaseUrlFile }: Config): Promise<string | undefined> {
  if (databaseUrl !== undefined || databaseUrlFile === undefined) return databaseUrl
  const text = await readFile(databaseUrlFile, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`DATABASE_URL_FILE "${databaseUrlFile}" is not usable: it cannot be read`, { cause: error })
  })
  if (/^postgres(ql)?:\/\/./.test(text)) return text.trim()
  throw new ConfigError(`DATABASE_URL_FILE "${databaseUrlFile}" is not usable: it must hold a postgres:// address`)
}
