import { Access } from './access.ts'
import { Changes } from './changes.ts'
import type { Database } from './databases/database.ts'
import { storeFailure } from './failures.ts'
import type { RuleSet } from './merge-rules.ts'
import { migrations } from './migrations/all.ts'
import { migrate } from './migrations/migrate.ts'
import { openDatabase } from './open-database.ts'
import type { DatabaseSettings } from './open-database.ts'
import { KeySource } from './secrets/key-source.ts'
import type { KeySettings } from './secrets/key-source.ts'
import { rotate } from './secrets/rotate.ts'
import type { Rotated } from './secrets/rotate.ts'
import { Vault } from './secrets/vault.ts'
import { createAttempts } from './tables/attempts.ts'
import type { Attempts } from './tables/attempts.ts'
import type { AttemptLimits } from './tables/attempt-buffer.ts'
import { createCredentials } from './tables/credentials.ts'
import type { Credentials } from './tables/credentials.ts'
import { createModelAliases } from './tables/model-aliases.ts'
import type { ModelAliases } from './tables/model-aliases.ts'
import { createProviders } from './tables/providers.ts'
import type { Providers } from './tables/providers.ts'
import type { ResponseLimits } from './tables/response-limits.ts'
import { createResponses } from './tables/responses.ts'
import type { Responses } from './tables/responses.ts'
import { createRoutes } from './tables/routes.ts'
import type { Routes } from './tables/routes.ts'
import type { Damage } from './tables/row-reading.ts'

export interface StoreOptions extends DatabaseSettings, KeySettings {
  readonly attempts?: AttemptLimits
  readonly responses?: Partial<ResponseLimits>
  readonly now: () => number
}

/** What the owner set up with commands, and what became of requests. It outlives the program. */
export interface Store {
  readonly providers: Providers
  readonly credentials: Credentials
  readonly routes: Routes
  readonly aliases: ModelAliases
  readonly attempts: Attempts
  readonly responses: Responses
  /** Tells of changes by any process, within about a second. */
  readonly changes: Pick<Changes, 'watch'>
  /** How messages call the database. */
  readonly name: string
  /** Where a copy from before this program's changes to the tables lies, where one was made. */
  readonly backup?: string
  /** Gives everything that decides where requests go, and what of it cannot be used. */
  snapshot(): Promise<StoredRules>
  /** Seals all secrets with another master key: the first of those that are given, else a random one. */
  rotateMasterKey(): Promise<Rotated>
  close(): Promise<void>
}

/** The store's part of the rules. */
export interface StoredRules extends RuleSet {
  readonly damaged: readonly Damage[]
}

/**
 * Opens the store, makes it where there is none, and brings it to this program's form. Throws a `ModelError`:
 * `conflict` for what the owner has to decide, such as a wrong master key, and `unavailable` for a database that
 * cannot be used. Nothing is changed then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database = await openDatabase(options)
  try {
    return await openTables(database, options)
  } catch (error) {
    await database.close()
    throw storeFailure(error, database.name)
  }
}

async function openTables(database: Database, options: StoreOptions): Promise<Store> {
  const { now } = options
  const { backup } = await migrate(database, { migrations, now })
  const changes = new Changes(() => access)
  const access = new Access(database, () => void changes.ask())
  const source = new KeySource(options, database)
  const vault = await Vault.open({ access, source, now })
  const tables = createTables({ access, vault, now, limits: options.attempts, responseLimits: options.responses })
  return {
    ...tables,
    changes,
    name: database.name,
    ...(backup !== undefined && { backup }),
    snapshot: () => snapshot(tables),
    rotateMasterKey: () => rotate({ access, source, vault, now }),
    close: async () => {
      changes.stop()
      tables.responses.close()
      await tables.attempts.close()
      await database.close()
    },
  }
}

interface TableParts {
  readonly access: Access
  readonly vault: Vault
  readonly now: () => number
  readonly limits: AttemptLimits | undefined
  readonly responseLimits: Partial<ResponseLimits> | undefined
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- six tables by name
function createTables({ limits, responseLimits, ...options }: TableParts) {
  return {
    providers: createProviders(options),
    credentials: createCredentials(options),
    routes: createRoutes(options),
    aliases: createModelAliases(options),
    attempts: createAttempts({ ...options, ...limits }),
    responses: createResponses({ ...options, ...responseLimits }),
  }
}

async function snapshot(tables: ReturnType<typeof createTables>): Promise<StoredRules> {
  const providers = await tables.providers.list()
  const routes = await tables.routes.list()
  const aliases = await tables.aliases.list()
  return {
    providers: providers.items,
    routes: routes.items,
    aliases: aliases.items,
    damaged: [...providers.damaged, ...routes.damaged, ...aliases.damaged],
  }
}
