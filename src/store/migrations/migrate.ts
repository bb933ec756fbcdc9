import type { Transaction } from 'kysely'
import type { Database } from '../databases/database.ts'
import { refusal } from '../failures.ts'
import type { Schema } from '../schema.ts'

/** One step forward in the form of the tables. There is none back. */
export interface Migration {
  /** A number in four digits, then words. */
  readonly name: string
  readonly apply: (transaction: Transaction<Schema>) => Promise<void>
}

export interface MigrationOptions {
  readonly migrations: readonly Migration[]
  readonly now: () => number
}

/** What was done: which steps, and where the copy from before lies. */
export interface Migrated {
  readonly applied: readonly string[]
  readonly backup?: string
}

/**
 * Brings the tables to the form that this program knows: all steps or none, once, however many processes begin at
 * the same time. A database that a later program changed is refused and left as it is.
 */
export async function migrate(database: Database, options: MigrationOptions): Promise<Migrated> {
  const done = await database.alone(appliedIn)
  if (missing(done, options).length === 0) return { applied: [] }
  // A new database has nothing to lose.
  const backup = done.length === 0 ? undefined : await backUp(database, done, options)
  const applied = await database.alone(transaction => applyMissing(transaction, options))
  return { applied, ...(backup !== undefined && { backup }) }
}

async function applyMissing(transaction: Transaction<Schema>, options: MigrationOptions): Promise<readonly string[]> {
  // Asked again: another process may have been faster.
  const steps = missing(await appliedIn(transaction), options)
  for (const { name, apply } of steps) {
    await apply(transaction)
    await transaction.insertInto('migrations').values({ name, applied_at: options.now() }).execute()
  }
  return steps.map(({ name }) => name)
}

async function appliedIn(transaction: Transaction<Schema>): Promise<readonly string[]> {
  await transaction.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('applied_at', 'int8', column => column.notNull())
    .execute()
  const rows = await transaction.selectFrom('migrations').select('name').orderBy('name').execute()
  return rows.map(({ name }) => name)
}

function missing(done: readonly string[], { migrations }: MigrationOptions): readonly Migration[] {
  const stranger = done.find(name => !migrations.some(known => known.name === name))
  if (stranger === undefined) return migrations.filter(({ name }) => !done.includes(name))
  throw refusal(
    `the database was changed by a later version of Duologue (step ${stranger}): install that version again, or put ` +
      'back the copy that was made before; nothing was changed',
  )
}

async function backUp(
  database: Database,
  done: readonly string[],
  { now }: MigrationOptions,
): Promise<string | undefined> {
  const moment = new Date(now()).toISOString().replaceAll(/[:.]/g, '-')
  return database.backUp?.(`${moment}-after-${done.at(-1)}`)
}
