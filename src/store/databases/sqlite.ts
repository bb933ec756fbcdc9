import { closeSync, constants, openSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { whileBusy } from './busy.ts'
import type { Database } from './database.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'
import { backUp } from './sqlite-backup.ts'

/* SQLite keeps the whole process waiting, so it may not wait long; see `whileBusy`. */
const busyMs = 20

/* What is deleted is written over, so that nobody reads it in the file. */
const settings =
  'pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off; pragma secure_delete = on'

/** Opens a file, which only its owner can read, as the store's database; makes it where there is none. */
export async function openSqlite(path: string): Promise<Database> {
  await makePrivate(path)
  const database = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true })
  try {
    await whileBusy(() => database.exec(settings))
  } catch (error) {
    database.close()
    throw error
  }
  const inTurn = createTurns()
  const kysely = new Kysely<Schema>({ dialect: new NodeSqliteDialect(database) })
  return {
    name: path,
    isShared: false,
    kysely,
    alone: work => inTurn(() => kysely.transaction().execute(work)),
    relaxed: work =>
      inTurn(() =>
        // Nobody else is given the connection meanwhile.
        kysely.connection().execute(async connection => {
          database.exec('pragma synchronous = normal')
          try {
            await connection.transaction().execute(work)
          } finally {
            database.exec('pragma synchronous = full')
          }
        }),
      ),
    backUp: label => backUp(path, label),
    sweep: () => kysely.connection().execute(async () => sweep(database)),
    close: async () => {
      if (database.isOpen) sweepAtLast(database)
      // Kysely closes only what it has used.
      if (database.isOpen) await kysely.destroy()
      if (database.isOpen) database.close()
    },
  }
}

/**
 * Lets one after the other write. It waits for other programs without the connection, so that what only reads goes on
 * meanwhile. Work that has begun is never begun again: who may write is not refused any more.
 */
function createTurns(): <Result>(write: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve()
  return async write => {
    const mine = last.then(() => whileBusy(write))
    last = mine.catch(() => undefined)
    return mine
  }
}

/* SQLite gives its side files the rights of the file itself. */
async function makePrivate(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600))
  if (process.platform === 'win32') return
  await chmod(dirname(path), 0o700)
  await chmod(path, 0o600)
}

/* Changes wait in a side file, which keeps what they replaced until it is emptied. Another program can hinder that. */
function sweep(database: DatabaseSync): boolean {
  return database.prepare('pragma wal_checkpoint(truncate)').get()?.['busy'] === 0
}

/* SQLite empties the side file by itself only where no other program has it open. */
function sweepAtLast(database: DatabaseSync): void {
  try {
    sweep(database)
  } catch {
    // The next program to open it does so.
  }
}
