import { execFile } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { temporaryFolder } from '../../../test/support/engine.ts'
import { writeTinyModel } from '../../../test/support/tiny-model.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import { stateSize } from '../../gguf/memory.ts'
import type { StateSize } from '../../gguf/memory.ts'
import { readGguf } from '../../gguf/read-gguf.ts'
import type { ArchivePlaces } from '../messages.ts'
import { openArchive } from './open-archive.ts'
import type { Archive } from './archive.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'

const execute = promisify(execFile)

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: LanguageModel
let size: StateSize
let places: Required<ArchivePlaces>
let runs = 0

beforeAll(async () => {
  folder = await temporaryFolder()
  const modelPath = join(folder.path, 'tiny.gguf')
  await writeTinyModel(modelPath)
  size = stateSize(await readGguf(modelPath))
  const packageDirectory = await provisionForTests()
  const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  const sizes = { use: 'answers' as const, contextTokens: 1024, slots: 2, batchTokens: 512, threads: 1 }
  model = await loadLanguageModel({ modelPath, packageDirectory, ...sizes, ...computation }, () => {})
})

afterAll(() => folder.remove())

beforeEach(async () => {
  const root = join(folder.path, `run-${(runs += 1)}`)
  const place = async (name: string) => {
    await mkdir(join(root, name), { recursive: true })
    return { directory: join(root, name), maxBytes: 64 * 1024 * 1024 }
  }
  troubles = []
  places = { memory: await place('memory'), disk: await place('disk') }
})

const toSlot1 = { slot: 1, withinMs: 60_000 }

let troubles: string[] = []

/** How large the file that was written last was expected to be. */
let expected = 0

let clock = 1_800_000_000_000
const open = (at: ArchivePlaces = places): Promise<Archive> =>
  openArchive({
    model,
    places: at,
    stateSize: size,
    now: () => (clock += 1),
    onTrouble: ({ place, problem }) => void troubles.push(`${place}: ${problem}`),
  })

const count = (from: number, length = 300): Uint32Array =>
  Uint32Array.from({ length }, (_, index) => (from + index) % 250)

/** Reads tokens into slot 0, and writes them away. */
async function write(
  archive: Archive,
  tokens: Uint32Array,
  { pinned = false, ...more }: { pinned?: boolean; isSpare?: boolean } = {},
): Promise<void> {
  model.forget(0, 0)
  await model.evaluate([{ slot: 0, position: 0, tokens, samples: false }])
  const pins = pinned ? [{ tokens: tokens.length, keepForMs: 300_000, untilMs: clock + 300_000 }] : []
  await archive.save(
    { slot: 0, tokens, bulkTokens: tokens.length, pins, lastUsedMs: (clock += 1) },
    { worthMs: Infinity, leastTokens: 64, onWrite: bytes => (expected = bytes), ...more },
  )
}

const arrival = (tokens: Uint32Array) => ({ tokens, isReproducible: false, canForget: true })

const states = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter(name => name.endsWith('.state'))

async function onlyState(directory: string): Promise<string> {
  const [name, ...more] = await states(directory)
  if (name === undefined || more.length > 0) throw new Error(`${directory} holds ${more.length + 1} states`)
  return join(directory, name)
}

test('what a slot held comes back as it was, in another slot', async () => {
  const archive = await open()
  await write(archive, count(0))
  const next = Uint32Array.of(7)
  const sampler = model.createSampler({ temperature: 0 })
  const continueIn = async (slot: number): Promise<number> => {
    const [[logits = 0] = []] = await model.evaluate([{ slot, position: 300, tokens: next, samples: true }])
    return sampler.sample(logits)
  }
  const expected = await continueIn(0)
  const found = archive.find(arrival(Uint32Array.of(...count(0), 9)))
  expect(found?.keep).toBe(300)
  if (!found) return
  model.forget(1, 0)
  expect(await archive.restore(found.entry, toSlot1)).toBe(true)
  expect(await continueIn(1)).toBe(expected)
  sampler.dispose()
  model.forget(1, 0)
})

test('only its owner can read what is written away', async () => {
  const before = process.umask(0o077)
  const archive = await open()
  await write(archive, count(0))
  await archive.close()
  process.umask(before)
  for (const name of await readdir(places.disk.directory)) {
    expect((await stat(join(places.disk.directory, name))).mode & 0o777).toBe(0o600)
  }
})

test('what does not fit into memory goes to disk, and what does not fit there is gone', async () => {
  const first = await open({ memory: places.memory })
  await write(first, count(0))
  await first.close()
  const { size } = await stat(await onlyState(places.memory.directory))
  const budgets = { memory: { ...places.memory, maxBytes: size * 1.5 }, disk: { ...places.disk, maxBytes: size * 1.5 } }
  const archive = await open(budgets)
  for (const from of [50, 100]) await write(archive, count(from))
  await archive.close()
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([100])
  await expect(stat(places.memory.directory)).rejects.toThrow(/ENOENT/)
  expect(await states(places.disk.directory)).toHaveLength(1)
  expect(archive.gone().map(tokens => tokens[0])).toEqual([0, 50])
})

test('how large a file will be is known before', async () => {
  const archive = await open()
  await write(archive, count(0, 500))
  const [{ sizeBytes } = { sizeBytes: 0 }] = archive.entries()
  expect(sizeBytes).toBeLessThan(expected)
  expect(sizeBytes).toBeGreaterThan(0.9 * expected)
})

test('what is too large for memory is written to disk at once', async () => {
  const archive = await open({ ...places, memory: { ...places.memory, maxBytes: 10_000 } })
  await write(archive, count(0))
  expect(await states(places.memory.directory)).toEqual([])
  expect(await states(places.disk.directory)).toHaveLength(1)
  const found = archive.find(arrival(count(0, 310)))
  expect(found && (await archive.restore(found.entry, toSlot1))).toBe(true)
  model.forget(1, 0)
})

test('what memory cannot take is written to disk', async () => {
  const archive = await open()
  await rm(places.memory.directory, { recursive: true })
  await writeFile(places.memory.directory, '')
  await write(archive, count(0))
  expect(archive.gone()).toEqual([])
  expect(await states(places.disk.directory)).toHaveLength(1)
})

test('a place makes room before it is written to', async () => {
  const first = await open({ disk: places.disk })
  await write(first, count(0))
  const { size: bytes } = await stat(await onlyState(places.disk.directory))
  await first.close()
  const archive = await open({ disk: { ...places.disk, maxBytes: bytes * 1.5 } })
  await model.evaluate([{ slot: 1, position: 0, tokens: count(50), samples: false }])
  let left = -1
  const onWrite = (): void => void (left = archive.entries().length)
  const state = { slot: 1, tokens: count(50), bulkTokens: 300, pins: [], lastUsedMs: clock }
  await archive.save(state, { worthMs: Infinity, leastTokens: 64, onWrite })
  expect(left).toBe(0)
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([50])
  model.forget(1, 0)
})

test('what is pinned leaves last', async () => {
  const small = await open({ memory: places.memory })
  await write(small, count(0), { pinned: true })
  await small.close()
  const { size } = await stat(await onlyState(places.memory.directory))
  const archive = await open({ memory: { ...places.memory, maxBytes: size * 2.5 } })
  for (const from of [50, 100]) await write(archive, count(from))
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([0, 100])
})

test('a conversation that went on replaces its beginning', async () => {
  const archive = await open()
  await write(archive, count(0, 300))
  await write(archive, count(0, 400))
  expect(archive.entries().map(({ tokens }) => tokens.length)).toEqual([400])
})

test('a conversation that grew by little is not written again, and counts as used', async () => {
  const archive = await open()
  for (const tokens of [count(0, 300), count(50), count(0, 340)]) await write(archive, tokens)
  const entries = archive.entries().toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)
  expect(entries.map(({ tokens }) => [tokens[0], tokens.length])).toEqual([
    [50, 300],
    [0, 300],
  ])
})

test('for what a slot goes on holding, nothing makes way that is pinned or was used later', async () => {
  const archive = await open({ disk: { ...places.disk, maxBytes: 1.5 * 180_000 } })
  await write(archive, count(0), { pinned: true })
  await write(archive, count(50), { isSpare: true })
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([0])
  expect(archive.gone()).toEqual([])
  clock += 300_000
  await write(archive, count(50), { isSpare: true })
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([50])
})

test('what a slot went on from counts as used when the slot was', async () => {
  const archive = await open({ disk: { ...places.disk, maxBytes: 2.5 * 180_000 } })
  for (const from of [0, 50]) await write(archive, count(from))
  archive.renew({ tokens: count(0, 320), pins: [], lastUsedMs: (clock += 1) })
  await write(archive, count(100))
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([0, 100])
})

test('no other one makes way for what replaces its beginning', async () => {
  const archive = await open({ disk: { ...places.disk, maxBytes: 2.5 * 180_000 } })
  await write(archive, count(100))
  await write(archive, count(0, 230))
  await write(archive, count(0, 300))
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([100, 0])
})

test('another process finds what was closed properly', async () => {
  const archive = await open()
  await write(archive, count(0))
  await archive.close()
  const later = await open()
  const found = later.find(arrival(count(0, 310)))
  expect(found?.keep).toBe(300)
  expect(found && (await later.restore(found.entry, toSlot1))).toBe(true)
  model.forget(1, 0)
})

test.each<[string, (path: string) => Promise<unknown>]>([
  ['cut short', path => truncate(path, 1000)],
  ['made longer', path => appendFile(path, 'more')],
  ['emptied', path => writeFile(path, '')],
  ['another file', path => writeFile(path, 'a letter to a friend')],
])('a state that was %s is not found, and its file is gone', async (_, spoil) => {
  const archive = await open()
  await write(archive, count(0))
  await archive.close()
  await spoil(await onlyState(places.disk.directory))
  expect((await open()).entries()).toEqual([])
  expect(await readdir(places.disk.directory)).toEqual([])
})

test('a state in which one bit changed is never read', async () => {
  const archive = await open()
  await write(archive, count(0))
  await archive.close()
  const path = await onlyState(places.disk.directory)
  const bytes = await readFile(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await writeFile(path, bytes)
  const later = await open()
  const found = later.find(arrival(count(0, 310)))
  expect(found && (await later.restore(found.entry, toSlot1))).toBe(false)
  expect(later.entries()).toEqual([])
  await later.close()
  expect(await readdir(places.disk.directory)).toEqual([])
})

test('leftovers are swept away, and files of others stay', async () => {
  const { directory } = places.disk
  const id = 'ab'.repeat(16)
  for (const name of [`${id}.state`, `${id}.part`, `${'cd'.repeat(16)}.json`, 'notes.txt']) {
    await writeFile(join(directory, name), '{}')
  }
  expect((await open()).entries()).toEqual([])
  expect(await readdir(directory)).toEqual(['notes.txt'])
})

test('what is no file is not opened', async () => {
  const id = 'ab'.repeat(16)
  const { directory } = places.disk
  for (const name of ['state', 'json']) await execute('mkfifo', [join(directory, `${id}.${name}`)])
  expect((await open()).entries()).toEqual([])
  expect(await readdir(directory)).toEqual([])
})

test('a place that fails is told once and left alone, and tried again after a while', async () => {
  const archive = await open({ disk: places.disk })
  const { directory } = places.disk
  await rm(directory, { recursive: true })
  await writeFile(directory, '')
  for (const from of [0, 50]) await write(archive, count(from))
  expect(troubles).toEqual([expect.stringMatching(/^disk: to write there failed: EEXIST/)])
  await rm(directory)
  await write(archive, count(100))
  expect(archive.entries()).toEqual([])
  clock += 30_000
  await write(archive, count(150))
  expect(archive.entries().map(({ tokens }) => tokens[0])).toEqual([150])
})

test('what cannot be read for a while is found again afterwards', async () => {
  const archive = await open({ disk: places.disk })
  const { directory } = places.disk
  await write(archive, count(0))
  await rename(directory, `${directory}-away`)
  await symlink(directory, directory)
  const find = () => archive.find(arrival(count(0, 310)))
  const found = find()
  expect(found && (await archive.restore(found.entry, toSlot1))).toBe(false)
  expect(find()).toBe(undefined)
  expect(troubles).toEqual([expect.stringMatching(/^disk: to read there failed: ELOOP/)])
  await rm(directory)
  await rename(`${directory}-away`, directory)
  clock += 30_000
  const again = find()
  expect(again && (await archive.restore(again.entry, toSlot1))).toBe(true)
  model.forget(1, 0)
})

test('a folder that cannot be written to costs nothing but the conversation', async () => {
  const directory = join(folder.path, 'nowhere')
  await mkdir(directory)
  const archive = await open({ memory: { directory, maxBytes: 1e9 } })
  await rm(directory, { recursive: true })
  await writeFile(directory, '')
  await write(archive, count(0))
  expect(archive.entries()).toEqual([])
  expect(archive.gone()).toHaveLength(1)
})
