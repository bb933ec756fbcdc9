import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const backupsKept = 5

/* What clients said is forgotten at its time, or when they ask for it; a copy would keep it. */
const leftOut: ReadonlySet<unknown> = new Set(['responses', 'response_items'])

/** Copies a database to a folder beside it, without what clients said, and forgets the oldest of many copies. */
export async function backUp(path: string, label: string): Promise<string> {
  const folder = join(dirname(path), 'backups')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Two programs may begin in the same millisecond.
  const copy = join(folder, `${label}-${randomBytes(3).toString('hex')}.db`)
  // An empty file of ours first: the copy would be made with everybody's rights.
  closeSync(openSync(copy, 'wx', 0o600))
  try {
    copyTables(path, copy)
  } catch (error) {
    await rm(copy, { force: true })
    throw error
  }
  const copies = (await readdir(folder)).filter(name => name.endsWith('.db')).toSorted()
  for (const old of copies.slice(0, -backupsKept)) await rm(join(folder, old), { force: true })
  return copy
}

/* Tables come before their indexes; SQLite makes its own parts by itself. */
const ownParts = `
  select type, name, sql from whole.sqlite_schema
  where sql is not null and name not like 'sqlite!_%' escape '!'
  order by type desc`

function copyTables(path: string, copy: string): void {
  // Rows come table by table, before those that they point to.
  const database = new DatabaseSync(copy, { enableForeignKeyConstraints: false })
  try {
    database.prepare('attach ? as whole').run(path)
    // One transaction sees one moment.
    database.exec('begin')
    const parts = database.prepare(ownParts).all()
    for (const { type, name, sql } of parts) {
      database.exec(String(sql))
      if (type !== 'table' || leftOut.has(name)) continue
      database.exec(`insert into main."${String(name)}" select * from whole."${String(name)}"`)
    }
    database.exec('commit')
  } finally {
    database.close()
  }
}
