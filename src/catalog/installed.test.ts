import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { InstalledModels } from './installed.ts'
import type { ModelRecord } from './model-record.ts'

let folder: string
let models: InstalledModels

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologue-installed-'))
  models = new InstalledModels(folder)
  await models.prepare()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function record(id: string, change: Partial<ModelRecord> = {}): ModelRecord {
  return {
    schemaVersion: 1,
    id,
    source: 'hf:a/b/m.gguf',
    sha256: '0'.repeat(64),
    sizeBytes: 7,
    addedAt: '2026-01-01T00:00:00.000Z',
    capabilities: { contextTokens: 8192, tools: false },
    ...change,
  }
}

async function add(id: string, change?: Partial<ModelRecord>): Promise<void> {
  const part = join(models.workDirectory, `${id}.part`)
  await writeFile(part, 'weights')
  await models.add(record(id, change), part)
}

async function names(source = models): Promise<readonly string[]> {
  return (await source.list()).map(model => model.id)
}

test('a folder that does not exist holds no models', async () => {
  expect(await new InstalledModels(join(folder, 'nowhere')).list()).toEqual([])
})

test('what is added is listed in order, found, and read back as it was written', async () => {
  await add('b')
  await add('a', { licence: 'MIT', parameters: 5 })
  expect(await names()).toEqual(['a', 'b'])
  const path = join(folder, 'models', 'a', 'model.gguf')
  expect(await models.find('a')).toEqual({ ...record('a', { licence: 'MIT', parameters: 5 }), path })
  expect(await readFile(path, 'utf8')).toBe('weights')
  expect(await models.find('c')).toBeUndefined()
})

test('what one process adds or removes, another sees at its next question', async () => {
  const other = new InstalledModels(folder)
  for (const id of ['a', 'b', 'c', 'd']) {
    await add(id)
    expect(await names(other)).toContain(id)
  }
  await models.remove('b')
  expect(await names(other)).toEqual(['a', 'c', 'd'])
})

test('while nothing changes, the folders are not read again', async () => {
  await add('a')
  const past = new Date(Date.now() - 60_000)
  await utimes(models.directory, past, past)
  const first = await models.find('a')
  await rm(join(models.directory, 'a', 'model.json'))
  expect(await models.find('a')).toBe(first)
})

test.each(['..', '.', '../models', '/etc', 'a/../a', '.downloads', '', 'A', 'a\u0000', 'x'.repeat(300)])(
  'a client that asks for %j gets nothing',
  async id => {
    await add('a')
    expect(await models.find(id)).toBeUndefined()
    await expect(models.remove(id)).rejects.toMatchObject({ kind: 'not-found', code: 'model-not-found' })
    expect(await names()).toEqual(['a'])
  },
)

test('an unknown name is told with those that are near', async () => {
  await add('qwen3-8b')
  await expect(models.get('qwen3-8')).rejects.toThrow(/near it: qwen3-8b/)
})

test('a model is removed with its folder, and nothing else', async () => {
  await add('a')
  await add('b')
  expect((await models.remove('a')).id).toBe('a')
  expect(await readdir(models.directory)).toEqual(['.downloads', 'b'])
  expect(await readdir(models.workDirectory)).toEqual([])
})

test('links are not followed: neither a folder, nor a record, nor a file', async () => {
  await add('real')
  await symlink(join(models.directory, 'real'), join(models.directory, 'folder'))
  for (const [id, linked] of [
    ['record', 'model.json'],
    ['file', 'model.gguf'],
  ] as const) {
    const target = join(models.directory, id)
    await mkdir(target)
    await writeFile(join(target, 'model.json'), JSON.stringify(record(id)))
    await writeFile(join(target, 'model.gguf'), 'weights')
    await rm(join(target, linked))
    await writeFile(join(folder, id), linked === 'model.json' ? JSON.stringify(record(id)) : 'weights')
    await symlink(join(folder, id), join(target, linked))
  }
  expect(await names()).toEqual(['real'])
})

test.each([
  ['no record', {}, 'weights'],
  ['a record that is no JSON', '{', 'weights'],
  ['a record of another version', { ...record('m'), schemaVersion: 2 }, 'weights'],
  ['a record of another model', record('other'), 'weights'],
  ['a file of another length', record('m'), 'weight'],
  ['no file', record('m'), undefined],
])('a folder with %s is no model, and the others are listed', async (_name, kept, file) => {
  await add('good')
  const target = join(models.directory, 'm')
  await mkdir(target)
  await writeFile(join(target, 'model.json'), typeof kept === 'string' ? kept : JSON.stringify(kept))
  if (file !== undefined) await writeFile(join(target, 'model.gguf'), file)
  expect(await names()).toEqual(['good'])
})

test('a record of a later version of the program keeps what is known of it', async () => {
  await add('m')
  const path = join(models.directory, 'm', 'model.json')
  await chmod(path, 0o600)
  await writeFile(path, JSON.stringify({ ...record('m'), later: 1, capabilities: { contextTokens: 5, smell: true } }))
  expect(await new InstalledModels(folder).find('m')).toMatchObject({ capabilities: { contextTokens: 5 } })
})

test('a crash between the steps of adding is finished by the next pull, or cleared away', async () => {
  const staged = join(models.workDirectory, 'm.staged')
  await mkdir(staged)
  await writeFile(join(staged, 'model.json'), JSON.stringify(record('m')))
  await models.recover('m')
  expect(await names()).toEqual([])
  expect(await readdir(models.workDirectory)).toEqual([])

  await mkdir(staged)
  await writeFile(join(staged, 'model.json'), JSON.stringify(record('m')))
  await writeFile(join(staged, 'model.gguf'), 'weights')
  await models.recover('m')
  expect(await names()).toEqual(['m'])
})
