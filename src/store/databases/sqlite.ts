import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync } from 'node:fs'
import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { whileBusy } from './busy.ts'
import type { Database } from './database.ts'
import { NodeSqliteDialect } from './node-sqlite-dialect.ts'

/* SQLite keeps the whole process waiting, so it may not wait long; see `whileBusy`. */
const busyMs = 20
const backupsKept = 5

/** Opens a file, which only its owner can read, as the store's database; makes it where there is none. */
export async function openSqlite(path: string): Promise<Database> {
  await makePrivate(path)
  const database = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true })
  try {
    await whileBusy(() =>
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off'),
    )
  } catch (error) {
    database.close()
    throw error
  }
  const kysely = new Kysely<Schema>({ dialect: new NodeSqliteDialect(database) })
  return {
    name: path,
    isShared: false,
    kysely,
    alone: work => kysely.transaction().execute(work),
    relaxed: work =>
      // Nobody else is given the connection meanwhile.
      kysely.connection().execute(async connection => {
        database.exec('pragma synchronous = normal')
        try {
          await connection.transaction().execute(work)
        } finally {
          database.exec('pragma synchronous = full')
        }
      }),
    backUp: label => backUp(database, { path, label }),
    close: async () => {
      // Kysely closes only what it has used.
      if (database.isOpen) await kysely.destroy()
      if (database.isOpen) database.close()
    },
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

interface Backup {
  readonly path: string
  readonly label: string
}

/** Writes a whole copy beside the database, and forgets the oldest of many. */
async function backUp(database: DatabaseSync, { path, label }: Backup): Promise<string> {
  const folder = join(dirname(path), 'backups')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Two programs may begin in the same millisecond.
  const copy = join(folder, `${label}-${randomBytes(3).toString('hex')}.db`)
  // An empty file of ours first: the copy would be made with everybody's rights.
  closeSync(openSync(copy, 'wx', 0o600))
  try {
    database.prepare('vacuum into ?').run(copy)
  } catch (error) {
    await rm(copy, { force: true })
    throw error
  }
  const copies = (await readdir(folder)).filter(name => name.endsWith('.db')).toSorted()
  for (const old of copies.slice(0, -backupsKept)) await rm(join(folder, old), { force: true })
  return copy
}
