import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { openSqlite } from '../../src/store/databases/sqlite.ts'
import { migrations } from '../../src/store/migrations/all.ts'
import { migrate } from '../../src/store/migrations/migrate.ts'
import type { Migration } from '../../src/store/migrations/migrate.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store, StoreOptions } from '../../src/store/open-store.ts'
import type { KeptResponse } from '../../src/store/tables/kept-response.ts'

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'duologue-file-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function open(options: Partial<StoreOptions> & { readonly dataDirectory: string }): Promise<Store> {
  const store = await openStore({ now: () => 1_800_000_000_000, ...options })
  onTestFinished(() => store.close())
  return store
}

/** Does with the file what somebody else could. */
function tamper(folder: string, text: string): void {
  const file = new DatabaseSync(path.join(folder, 'state', 'duologue.db'))
  file.exec(text)
  file.close()
}

async function modeOf(...parts: string[]): Promise<string> {
  return ((await stat(path.join(...parts))).mode & 0o777).toString(8)
}

/** Every file below a folder, with what is in it. */
async function contentsOf(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => path.join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(files.map(async file => [path.relative(folder, file), await readFile(file)] as const)),
  )
}

const settings = { id: 'p', kind: 'anthropic', key: new Secret('canary-of-the-key') }
const nextStep: Migration = {
  name: '9999-more',
  apply: async ({ schema }) => schema.alterTable('routes').addColumn('note', 'text').execute(),
}

test('only its owner can read the folder and the files', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  expect(await modeOf(folder, 'state')).toBe('700')
  for (const name of await readdir(path.join(folder, 'state'))) {
    expect([name, await modeOf(folder, 'state', name)]).toEqual([name, '600'])
  }
  expect(await modeOf(folder, 'master.key')).toBe('600')
})

test('rights that were given to others are taken back', async () => {
  const folder = await newFolder()
  await (await openStore({ dataDirectory: folder, now: Date.now })).close()
  await chmod(path.join(folder, 'state'), 0o755)
  await chmod(path.join(folder, 'state', 'duologue.db'), 0o644)
  await open({ dataDirectory: folder })
  expect([await modeOf(folder, 'state'), await modeOf(folder, 'state', 'duologue.db')]).toEqual(['700', '600'])
})

test('no secret can be read in the database, its side files or its copies', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put({
    ...settings,
    headers: { 'x-team': new Secret('canary-of-the-header') },
    command: { program: 'serve', arguments: [], environment: { TOKEN: 'canary-of-the-command' } },
  })
  const database = await openSqlite(path.join(folder, 'state', 'duologue.db'))
  await migrate(database, { migrations: [...migrations, nextStep], now: Date.now })
  await database.close()
  const contents = await contentsOf(path.join(folder, 'state'))
  expect([...contents.keys()].toSorted()).toEqual([
    expect.stringMatching(/^backups\/.*after-\d{4}-[a-z-]+.*\.db$/),
    'duologue.db',
    'duologue.db-shm',
    'duologue.db-wal',
  ])
  const telling = [...contents].filter(([, bytes]) => bytes.includes('canary'))
  expect(telling.map(([name]) => name)).toEqual([])
  const whole = Buffer.concat([...contents.values()])
  expect(whole.includes('x-team')).toBe(true)
})

/** The files of the database in which a word can be read. */
async function tellers(folder: string, word: string): Promise<readonly string[]> {
  const contents = await contentsOf(path.join(folder, 'state'))
  return [...contents].filter(([, bytes]) => bytes.includes(word)).map(([name]) => name)
}

function said(word: string): KeptResponse {
  const input = [{ type: 'message', content: `${'x'.repeat(10_000)} ${word}` }]
  return { id: `resp_${word}`, owner: '', isLocalOnly: false, input, response: { text: word } }
}

test('a response that is deleted can soon be read in no file, also while the database is open', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  for (const word of ['canary-1', 'canary-2', 'canary-3']) await store.responses.keep(said(word))
  expect(await tellers(folder, 'canary-2')).not.toEqual([])
  await store.responses.remove('resp_canary-2', '')
  await expect.poll(() => tellers(folder, 'canary-2'), { timeout: 10_000 }).toEqual([])
  expect(await tellers(folder, 'canary-3')).not.toEqual([])
})

test('a response that is deleted can be read in no file once the store is closed, whoever else has it open', async () => {
  const folder = await newFolder()
  await open({ dataDirectory: folder })
  const store = await openStore({ dataDirectory: folder, now: Date.now })
  await store.responses.keep(said('canary'))
  await store.responses.remove('resp_canary', '')
  await store.close()
  expect(await tellers(folder, 'canary')).toEqual([])
})

test('a copy holds what the owner set up, and nothing of what clients said', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  await store.responses.keep(said('canary-of-a-client'))
  const database = await openSqlite(path.join(folder, 'state', 'duologue.db'))
  const copy = (await database.backUp?.('before')) ?? ''
  await database.close()
  expect((await tellers(folder, 'canary-of-a-client')).filter(name => name.startsWith('backups'))).toEqual([])
  const other = await newFolder()
  await mkdir(path.join(other, 'state'))
  await copyFile(copy, path.join(other, 'state', 'duologue.db'))
  await copyFile(path.join(folder, 'master.key'), path.join(other, 'master.key'))
  const restored = await open({ dataDirectory: other })
  expect((await restored.providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
  await restored.responses.keep(said('again'))
  expect(await restored.responses.find('resp_again', { owner: '', makeRoom: () => {} })).toEqual(said('again'))
})

test('a sealed secret that is put into another’s row is refused, and costs only that provider', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  await store.providers.put({ ...settings, id: 'q', key: new Secret('other') })
  tamper(
    folder,
    "update credentials set sealed = (select sealed from credentials where provider = 'p') where provider = 'q'",
  )
  const { items, damaged } = await store.providers.list()
  expect(items.map(({ id, key }) => [id, key?.reveal()])).toEqual([['p', 'canary-of-the-key']])
  expect(damaged).toEqual([
    { table: 'providers', id: 'q', why: 'its key cannot be opened with the master key that is here' },
  ])
})

test.each([
  ["update providers set settings = '{' where id = 'p'", 'it is not JSON'],
  ['update providers set settings = \'{"id":"p","kind":7}\' where id = \'p\'', 'kind is not what it must be'],
  [
    'update providers set settings = \'{"id":"q","kind":"x"}\' where id = \'p\'',
    'its settings are those of another provider',
  ],
])('a damaged row names itself and the rest works: %s', async (damage, why) => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  await store.providers.put({ id: 'sound', kind: 'ollama' })
  tamper(folder, damage)
  const snapshot = await store.snapshot()
  expect(snapshot.damaged).toEqual([{ table: 'providers', id: 'p', why }])
  expect(snapshot.providers.map(({ id }) => id)).toEqual(['sound'])
  await expect(store.providers.get('p')).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining(why),
  })
  await store.providers.put(settings)
  expect((await store.snapshot()).damaged).toEqual([])
})

test.each([
  ['routes', "insert into routes values (1, 'r', 1, '[]')", 'r'],
  ['routes', `insert into routes values (1, 'r', 1, '{"name":"s","match":{},"targets":[{"provider":"p"}]}')`, 'r'],
  ['model_aliases', "insert into model_aliases values (1, 'sound-like', 'gpt', 'm')", 'sound-like:gpt'],
])('a damaged row of %s is told', async (table, damage, id) => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  tamper(folder, damage)
  expect((await store.snapshot()).damaged).toEqual([{ table, id, why: expect.any(String) }])
})

test('another master key in the place of the old one is refused, and every file stays as it was', async () => {
  const folder = await newFolder()
  const store = await openStore({ dataDirectory: folder, now: Date.now })
  await store.providers.put(settings)
  await store.close()
  const key = await readFile(path.join(folder, 'master.key'))
  await writeFile(path.join(folder, 'master.key'), 'ab'.repeat(32))
  const before = await contentsOf(folder)
  await expect(openStore({ dataDirectory: folder, now: Date.now })).rejects.toThrow(/are sealed with the master key/)
  expect(await contentsOf(folder)).toEqual(before)
  await writeFile(path.join(folder, 'master.key'), key)
  expect((await (await open({ dataDirectory: folder })).providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
})

test('a master key that is gone is not made anew', async () => {
  const folder = await newFolder()
  const store = await openStore({ dataDirectory: folder, now: Date.now })
  await store.providers.put(settings)
  await store.close()
  await rm(path.join(folder, 'master.key'))
  await expect(openStore({ dataDirectory: folder, now: Date.now })).rejects.toThrow(/and there is none here/)
  expect(await readdir(folder)).toEqual(['state'])
})

test('the master key of our own is changed, and the file holds the new one alone', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  const before = await readFile(path.join(folder, 'master.key'), 'utf8')
  expect(await store.rotateMasterKey()).toEqual({ keyId: expect.any(String), secrets: 1 })
  const after = await readFile(path.join(folder, 'master.key'), 'utf8')
  expect(after).toMatch(/^[0-9a-f]{64}\n$/)
  expect(after).not.toBe(before)
  expect((await (await open({ dataDirectory: folder })).providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
})

test('a program that was killed while it changed the master key left a file that opens everything', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  const file = path.join(folder, 'master.key')
  const before = await readFile(file, 'utf8')
  await store.rotateMasterKey()
  const after = await readFile(file, 'utf8')
  await writeFile(file, before + after)
  expect((await (await open({ dataDirectory: folder })).providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
})

test('a master key is not changed where a secret is damaged', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  await store.providers.put(settings)
  await store.providers.put({ ...settings, id: 'q' })
  tamper(folder, "update credentials set sealed = 'v1.x' where provider = 'q'")
  await expect(store.rotateMasterKey()).rejects.toThrow(/the key of provider q is damaged/)
  expect((await store.providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
  expect((await (await open({ dataDirectory: folder })).providers.get('p'))?.key?.reveal()).toBe('canary-of-the-key')
})

test('there is an end to rules', async () => {
  const folder = await newFolder()
  const store = await open({ dataDirectory: folder })
  const rule = { name: 'r1000', match: {}, targets: [{ provider: 'p' }] }
  await store.routes.put(rule)
  tamper(
    folder,
    'with recursive n(i) as (values (1) union all select i + 1 from n where i < 999) ' +
      "insert into routes select 1, 'r' || i, i + 1, '{}' from n",
  )
  await expect(store.routes.put({ ...rule, name: 'one more' })).rejects.toMatchObject({ kind: 'too-large' })
  await expect(store.routes.put(rule)).resolves.toBeUndefined()
})

test('a file in the place of the folder is told of', async () => {
  const folder = await newFolder()
  await writeFile(path.join(folder, 'state'), '')
  await expect(openStore({ dataDirectory: folder, now: Date.now })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/duologue\.db cannot be used: a file stands where its folder is needed$/),
  })
})

test('a file that is no database is told of and left alone', async () => {
  const folder = await newFolder()
  await (await openStore({ dataDirectory: folder, now: Date.now })).close()
  const file = path.join(folder, 'state', 'duologue.db')
  await writeFile(file, 'not a database '.repeat(1000))
  await expect(openStore({ dataDirectory: folder, now: Date.now })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/duologue\.db cannot be used: it is no database of Duologue/),
  })
  expect((await readFile(file, 'utf8')).startsWith('not a database')).toBe(true)
})
