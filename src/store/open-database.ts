import { join } from 'node:path'
import type { Database } from './databases/database.ts'
import { storeFailure } from './failures.ts'

/** Where the database is. */
export interface DatabaseSettings {
  /** The program's folder; the database is made in its folder `state`. */
  readonly dataDirectory: string
  /** A Postgres database instead of that file. */
  readonly databaseUrl?: string
}

/** Where the database lies, where no other one is named. */
export function databasePath(dataDirectory: string): string {
  return join(dataDirectory, 'state', 'duologue.db')
}

/** Opens the database, and makes it where there is none. Throws `unavailable` for one that cannot be used. */
export async function openDatabase({ dataDirectory, databaseUrl }: DatabaseSettings): Promise<Database> {
  const path = databasePath(dataDirectory)
  try {
    if (databaseUrl === undefined) {
      const { openSqlite } = await import('./databases/sqlite.ts')
      return await openSqlite(path)
    }
    // Most have no server, and need not wait for its client to load.
    const { openPostgres } = await import('./databases/postgres.ts')
    return await openPostgres(databaseUrl)
  } catch (error) {
    throw storeFailure(error, databaseUrl === undefined ? path : 'of DATABASE_URL')
  }
}
