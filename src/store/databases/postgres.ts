import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

/* So that the tables do not mix with those of another program in the same database. */
const ourSchema = 'duologue'
/* One number that all replicas know; it means nothing else. */
const lockNumber = 7_272_010_804

/** Opens a Postgres database by its URL, as the store's. Other machines may use it at the same time. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'duologue',
    max: 4,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 60_000,
    keepAlive: true,
    allowExitOnIdle: true,
    types: wholeNumbers(),
  })
  // A connection that breaks while it is idle is replaced when it is needed.
  pool.on('error', () => undefined)
  const plain = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
  const kysely = plain.withSchema(ourSchema)
  try {
    await makeSchema(plain)
  } catch (error) {
    await plain.destroy()
    throw error
  }
  return {
    name: nameOf(url),
    isShared: true,
    kysely,
    alone: work =>
      kysely.transaction().execute(async transaction => {
        await lock(transaction)
        return work(transaction)
      }),
    relaxed: work =>
      kysely.transaction().execute(async transaction => {
        await sql`set local synchronous_commit = off`.execute(transaction)
        await work(transaction)
      }),
    close: () => plain.destroy(),
  }
}

async function makeSchema(plain: Kysely<Schema>): Promise<void> {
  await plain.transaction().execute(async transaction => {
    // Two that make it at once would collide, "if not exists" or not.
    await lock(transaction)
    const { rows } = await sql`select 1 from pg_namespace where nspname = ${ourSchema}`.execute(transaction)
    // Asked first, because the right to make one may be missing where somebody else made it.
    if (rows.length === 0) await transaction.schema.createSchema(ourSchema).execute()
  })
}

async function lock(transaction: Kysely<Schema>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockNumber})`.execute(transaction)
}

/* The client gives whole numbers of eight bytes as text; none of ours goes beyond 2^53. */
function wholeNumbers(): pg.TypeOverrides {
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  return types
}

/* Messages and logs may show it. */
function nameOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `postgres://${host}${pathname}`
  } catch {
    return 'the database of DATABASE_URL'
  }
}
