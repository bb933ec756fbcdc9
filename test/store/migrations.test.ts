import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/store/databases/database.ts'
import { openPostgres } from '../../src/store/databases/postgres.ts'
import { openSqlite } from '../../src/store/databases/sqlite.ts'
import { firstTables as first } from '../../src/store/migrations/0001-first-tables.ts'
import { migrate } from '../../src/store/migrations/migrate.ts'
import type { Migration } from '../../src/store/migrations/migrate.ts'
import { startPostgres } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

const now = (): number => 1_800_000_000_000
const migrations = [first]
const addNote: Migration = {
  name: '0002-note',
  apply: async ({ schema }) => schema.alterTable('routes').addColumn('note', 'text').execute(),
}
const fails: Migration = {
  name: '0003-fails',
  apply: async ({ schema }) => {
    await schema.createTable('half_done').addColumn('id', 'text').execute()
    throw new Error('the step fails')
  },
}

/** Gives what opens the same place again and again. */
type NewPlace = () => Promise<() => Promise<Database>>

const places: readonly (readonly [string, NewPlace])[] = [
  [
    'SQLite',
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'duologue-migrations-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      return () => openSqlite(path.join(folder, 'duologue.db'))
    },
  ],
  [
    'Postgres',
    async () => {
      const url = await server.database()
      return () => openPostgres(url)
    },
  ],
]

describe.each(places)('over %s', (_, newPlace) => {
  async function open(place: () => Promise<Database>): Promise<Database> {
    const database = await place()
    onTestFinished(() => database.close())
    return database
  }

  test('each step is taken once, in order', async () => {
    const database = await open(await newPlace())
    expect(await migrate(database, { migrations, now })).toEqual({ applied: ['0001-first-tables'] })
    expect((await migrate(database, { migrations: [...migrations, addNote], now })).applied).toEqual(['0002-note'])
    expect(await migrate(database, { migrations: [...migrations, addNote], now })).toEqual({ applied: [] })
  })

  test('however many programs begin at once, each step is taken by one of them', async () => {
    const place = await newPlace()
    const databases = await Promise.all(Array.from({ length: 4 }, () => open(place)))
    const all = await Promise.all(
      databases.map(database => migrate(database, { migrations: [...migrations, addNote], now })),
    )
    expect(all.flatMap(({ applied }) => applied)).toEqual(['0001-first-tables', '0002-note'])
  })

  test('steps of which one fails are not taken at all', async () => {
    const database = await open(await newPlace())
    await migrate(database, { migrations, now })
    const steps = [...migrations, addNote, fails]
    await expect(migrate(database, { migrations: steps, now })).rejects.toThrow('the step fails')
    expect((await migrate(database, { migrations: [...migrations, addNote], now })).applied).toEqual(['0002-note'])
  })

  test('a database that a later version changed is refused with advice, and left as it is', async () => {
    const database = await open(await newPlace())
    await migrate(database, { migrations: [...migrations, addNote], now })
    await expect(migrate(database, { migrations, now })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/later version of Duologue \(step 0002-note\): install that version again/),
    })
    expect((await migrate(database, { migrations: [...migrations, addNote], now })).applied).toEqual([])
  })
})

test('before a file changes its form, a whole copy is made; of many copies the last five are kept', async () => {
  const place = await places[0]?.[1]()
  if (place === undefined) throw new Error('there is a first place')
  const database = await place()
  onTestFinished(() => database.close())
  await migrate(database, { migrations, now })
  await database.kysely
    .insertInto('model_aliases')
    .values({ type: 'exact', text: 'a', model: 'm', changed_at: 1 })
    .execute()
  const copies: string[] = []
  const steps: Migration[] = [first]
  for (let count = 2; count <= 8; count++) {
    steps.push({ name: `000${count}-nothing`, apply: async () => undefined })
    const { backup = '' } = await migrate(database, { migrations: steps, now: () => now() + count })
    copies.push(backup)
  }
  const [latest = ''] = copies.slice(-1)
  const copy = new DatabaseSync(latest, { readOnly: true })
  onTestFinished(() => copy.close())
  expect(copy.prepare('select text from model_aliases').all()).toEqual([{ text: 'a' }])
  expect(copy.prepare('select max(name) as name from migrations').get()).toEqual({ name: '0007-nothing' })
  expect(() => new DatabaseSync(copies[1] ?? '', { readOnly: true })).toThrow(/unable to open/)
  expect(() => new DatabaseSync(copies[2] ?? '', { readOnly: true }).close()).not.toThrow()
})
