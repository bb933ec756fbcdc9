import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store, StoreOptions } from '../../src/store/open-store.ts'
import { startPostgres } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'

const settings = { id: 'p', kind: 'anthropic', key: new Secret('canary-of-the-key') }

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

async function newPlace(): Promise<StoreOptions & { readonly databaseUrl: string }> {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'duologue-shared-'))
  onTestFinished(() => rm(dataDirectory, { recursive: true, force: true }))
  return { dataDirectory, databaseUrl: await server.database(), masterKey: 'ab'.repeat(32), now: Date.now }
}

async function open(options: StoreOptions): Promise<Store> {
  const store = await openStore(options)
  onTestFinished(() => store.close())
  return store
}

async function query(url: string, text: string): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<object>(text)).rows
  } finally {
    await client.end()
  }
}

test('everything lies in a schema of our own, and no secret can be read there', async () => {
  const place = await newPlace()
  const store = await open(place)
  await store.providers.put({ ...settings, headers: { 'x-team': new Secret('canary-of-the-header') } })
  const tables = await query(
    place.databaseUrl,
    "select table_schema, table_name from information_schema.tables where table_schema in ('public', 'duologue')",
  )
  expect(tables.length).toBeGreaterThan(6)
  expect(tables).not.toContainEqual(expect.objectContaining({ table_schema: 'public' }))
  const [{ whole } = {}] = (await query(
    place.databaseUrl,
    "select schema_to_xml('duologue', true, false, '')::text as whole",
  )) as readonly { readonly whole?: string }[]
  expect(whole).toContain('header:x-team')
  expect(whole).not.toContain('canary')
  expect(await readdir(place.dataDirectory)).toEqual([])
})

test('without a master key that all are given, a secret is refused and nothing is kept', async () => {
  const { masterKey: _, ...place } = await newPlace()
  const store = await open(place)
  await expect(store.providers.put(settings)).rejects.toThrow(/openssl rand -hex 32/)
  expect((await store.providers.list()).items).toEqual([])
  await store.providers.put({ id: 'o', kind: 'ollama' })
  expect(await readdir(place.dataDirectory)).toEqual([])
})

test('a master key in the file of one server is used, and is not changed for all', async () => {
  const { masterKey, ...place } = await newPlace()
  const file = path.join(place.dataDirectory, 'master.key')
  await writeFile(file, masterKey ?? '', { mode: 0o600 })
  const store = await open(place)
  await store.providers.put(settings)
  await expect(store.rotateMasterKey()).rejects.toThrow(/a master key that every Duologue on it is given/)
  expect(await readFile(file, 'utf8')).toBe(masterKey)
  expect((await store.providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
})

test('connections that break are replaced', async () => {
  const store = await open(await newPlace())
  await store.providers.put(settings)
  await server.disconnectAll()
  expect((await store.providers.list()).items).toHaveLength(1)
})

test('while the server is away changes fail with the reason and attempts wait; afterwards nothing is lost', async () => {
  const store = await open(await newPlace())
  await store.providers.put(settings)
  const told = Promise.withResolvers<void>()
  await store.changes.watch(() => told.resolve())
  const resume = await server.pause()
  for (let number = 1; number <= 700; number++) {
    store.attempts.note({ requestId: 'r', number, at: Date.now(), provider: 'p', model: 'm', durationMs: 1 })
  }
  await expect(store.attempts.flush()).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(store.providers.remove('p')).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(
      /^the database postgres:\/\/localhost\/test_\d+ cannot be used: it does not answer$/,
    ),
  })
  await resume()
  await store.attempts.flush()
  expect((await store.attempts.list({ limit: 1000 })).items).toHaveLength(700)
  expect(store.attempts.dropped).toBe(0)
  await store.providers.remove('p')
  await told.promise
})

test('a database that is not there is told by what to check, without the password', async () => {
  const place = await newPlace()
  const url = new URL(place.databaseUrl)
  url.pathname = '/no_such_database'
  url.password = 'canary'
  await expect(openStore({ ...place, databaseUrl: url.href })).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'the database of DATABASE_URL cannot be used: there is no such database; make it, or check DATABASE_URL',
  })
})
