import { readFile } from 'node:fs/promises'
import { ConfigError } from '../config/config.ts'
import type { Config } from '../config/config.ts'
import { keychainEnvironment } from '../config/environment.ts'
import type { Environment } from '../config/environment.ts'
import { dataFolder } from '../config/folders.ts'
import { ModelError } from '../core/errors.ts'
import type { Moved } from '../store/move-master-key.ts'
import type { Store, StoreOptions } from '../store/open-store.ts'

/** Opens the store that the configuration names. Throws a `ConfigError` for settings that do not fit it. */
export async function openConfiguredStore(config: Config, environment: Environment): Promise<Store> {
  const options = await storeOptions(config, environment)
  // Most commands need no database, and need not wait for it to load.
  const { openStore } = await import('../store/open-store.ts')
  return openStore(options).catch(notUsable)
}

/** Brings the master key to where the configuration says that Duologue keeps it. */
export async function moveConfiguredKey(config: Config, environment: Environment): Promise<Moved> {
  const options = await storeOptions(config, environment)
  const { moveMasterKey } = await import('../store/move-master-key.ts')
  return moveMasterKey(options).catch(notUsable)
}

function notUsable(error: unknown): never {
  if (error instanceof ModelError && error.kind === 'conflict') throw new ConfigError(error.message, { cause: error })
  throw error
}

const dayMs = 86_400_000

async function storeOptions(config: Config, environment: Environment): Promise<StoreOptions> {
  const { masterKey, masterKeyFile, keepResponsesDays, responsesBytes } = config
  const databaseUrl = await databaseUrlOf(config)
  return {
    dataDirectory: dataFolder(config, environment),
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(masterKey !== undefined && { masterKey }),
    ...(masterKeyFile !== undefined && { masterKeyFile }),
    keychainEnvironment: keychainEnvironment(environment),
    responses: { mostAgeMs: keepResponsesDays * dayMs, mostBytes: responsesBytes },
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
