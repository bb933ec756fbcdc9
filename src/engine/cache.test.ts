import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openEngine, temporaryFolder } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { writeTinyFamily } from '../../test/support/tiny-families.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { CacheReport } from '../core/cache-report.ts'
import type { CacheBreakpoint } from '../core/content.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Usage } from '../core/usage.ts'

const execute = promisify(execFile)

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let tiny: string
let opened: TestEngine | undefined
let runs = 0

beforeAll(async () => {
  folder = await temporaryFolder()
  tiny = join(folder.path, 'tiny.gguf')
  await writeTinyModel(tiny)
})

afterAll(() => folder.remove())

afterEach(() => opened?.engine.close())

interface Run {
  readonly engine: TestEngine
  readonly memoryDirectory: string
}

function start(slots: number, { keepsOnDisk = true, run = (runs += 1), file = tiny } = {}): Run {
  const root = join(folder.path, `run-${run}`)
  const memoryDirectory = join(root, 'memory')
  const archive = { dataDirectory: root, memoryDirectory, memoryBytes: 2 ** 26, diskBytes: keepsOnDisk ? 2 ** 26 : 0 }
  const engine = openEngine({ tiny: file }, { preferences: { slots }, archive })
  opened = engine
  return { engine, memoryDirectory }
}

const text = (value: string, cache?: CacheBreakpoint) =>
  ({ type: 'text', text: value, ...(cache && { cache }) }) as const

const words = (topic: string, times = 40): string => `The ${topic} is on the table, as it was. `.repeat(times)

/** One turn at the usual sampling: greedy ones reuse less. */
async function turn(
  { engine }: Run,
  question: string,
  more: Partial<ModelRequest> = {},
): Promise<{ usage: Usage; cache: CacheReport }> {
  const request: ModelRequest = {
    model: 'tiny',
    system: [],
    messages: [{ role: 'user', content: [text(question)] }],
    maxTokens: 4,
    ...more,
  }
  let usage: Usage = {}
  let cache: CacheReport | undefined
  for await (const event of engine.engine.stream(request, new AbortController().signal)) {
    if (event.type !== 'start') continue
    usage = event.usage
    cache = event.cache
  }
  if (!cache) throw new Error('the answer did not begin')
  return { usage, cache }
}

test('what is written up to breakpoints is counted, and read the next time', async () => {
  const run = start(2)
  const marked: Partial<ModelRequest> = {
    system: [text(words('lamp'), { ttl: '1h' })],
    messages: [{ role: 'user', content: [text(words('book', 10), {}), text('And then?')] }],
  }
  const first = await turn(run, '', marked)
  const { inputTokens = 0, cacheReadTokens, cacheWriteTokens = 0, cacheWriteHourTokens = 0 } = first.usage
  expect(cacheReadTokens).toBe(0)
  expect(cacheWriteHourTokens).toBeGreaterThan(200)
  expect(cacheWriteTokens).toBeGreaterThan(cacheWriteHourTokens + 50)
  expect(cacheWriteTokens).toBeLessThan(inputTokens)
  const second = await turn(run, '', marked)
  expect(second.usage).toEqual({
    inputTokens,
    cacheReadTokens: inputTokens - 1,
    cacheWriteTokens: 0,
    cacheWriteHourTokens: 0,
  })
})

test('without breakpoints nothing counts as written', async () => {
  const run = start(2)
  expect((await turn(run, words('lamp'))).usage).not.toHaveProperty('cacheWriteTokens')
})

test.each<[string, Partial<ModelRequest>]>([
  ['a named prompt', { cacheKey: 'shelf' }],
  ['a prompt with a breakpoint of its own', { cache: { ttl: '1h' } }],
])('%s is written whole, and asking for no tokens warms it', async (_, kept) => {
  const run = start(2)
  const warmed = await turn(run, words('lamp'), { ...kept, maxTokens: 0 })
  expect(warmed.usage.cacheWriteTokens).toBe(warmed.usage.inputTokens)
  const asked = await turn(run, words('lamp'), kept)
  expect(asked.usage.cacheReadTokens).toBe((warmed.usage.inputTokens ?? 0) - 1)
})

test('a pinned conversation outlives others in its slot', async () => {
  const run = start(2)
  const pinned = { messages: [{ role: 'user', content: [text(words('lamp'), { ttl: '1h' })] }] } as const
  await turn(run, '', pinned)
  for (const topic of ['book', 'cup', 'key']) await turn(run, words(topic))
  const again = await turn(run, '', pinned)
  expect(again.cache).toMatchObject({ reusedTokens: again.cache.promptTokens - 1, restoredTokens: 0 })
})

test('a conversation that was pushed out comes back instead of being evaluated again', async () => {
  const run = start(1)
  const first = await turn(run, words('lamp'))
  await turn(run, words('book'))
  const back = await turn(run, `${words('lamp')} And?`)
  expect(back.cache.restoredTokens).toBeGreaterThan(first.cache.promptTokens * 0.9)
  expect(back.usage.cacheReadTokens).toBe(back.cache.restoredTokens)
})

test('what is in memory survives the model’s process', async () => {
  const run = start(1, { keepsOnDisk: false })
  await turn(run, words('lamp'))
  await turn(run, words('book'))
  await labelled(run)
  const exited = watchCrash(run.engine)
  process.kill(run.engine.processOf('tiny'), 'SIGKILL')
  await exited
  const back = await turn(run, `${words('lamp')} And?`)
  expect(back.cache.restoredTokens).toBeGreaterThan(300)
})

test('once the model has rested, what a slot holds survives its process being killed', async () => {
  const run = start(2)
  const first = await turn(run, words('lamp'))
  await labelled(run)
  const exited = watchCrash(run.engine)
  process.kill(run.engine.processOf('tiny'), 'SIGKILL')
  await exited
  const { cache, usage } = await turn(run, `${words('lamp')} And?`)
  expect(cache.restoredTokens).toBeGreaterThan(first.cache.promptTokens - 20)
  expect(usage.cacheReadTokens).toBe(cache.restoredTokens)
})

test('where nothing can be written, requests are answered all the same, and it is told once for each place', async () => {
  const run = start(1)
  await run.engine.engine.load('tiny')
  // Linux kills a process that writes beyond this limit, unless the process says otherwise.
  await execute('prlimit', ['--pid', `${run.engine.processOf('tiny')}`, '--fsize=100000:100000'])
  for (const topic of ['lamp', 'book', 'cup']) await turn(run, words(topic))
  expect(run.engine.news.filter(({ type }) => type === 'cache-trouble' || type === 'crashed')).toMatchObject([
    { type: 'cache-trouble', model: 'tiny', place: 'memory' },
    { type: 'cache-trouble', model: 'tiny', place: 'disk' },
  ])
})

test('what a slot holds and what was pushed out survive the server', async () => {
  const run = start(1)
  await turn(run, words('lamp'))
  await turn(run, words('book'))
  await run.engine.engine.close()
  expect(await readdir(run.memoryDirectory)).toEqual([])
  const later = start(1, { run: runs })
  for (const topic of ['lamp', 'book']) {
    expect((await turn(later, `${words(topic)} And?`)).cache.restoredTokens).toBeGreaterThan(300)
  }
})

test('a prompt that departs from a kept one says where', async () => {
  const run = start(2)
  const ask = (word: string) => ({ system: [text('Be brief.'), text(`Today is ${word}. ${words('lamp')}`)] })
  await turn(run, 'Hello', ask('Monday'))
  const { cache } = await turn(run, 'Hello', ask('Sunday'))
  expect(cache.outcome).toBe('differs')
  expect(cache.difference).toMatchObject({ place: 'system.1' })
  expect(cache.difference?.before).toMatch(/Today is $/)
  expect(cache.difference?.asked).toMatch(/^\s?Sunday/)
  expect(cache.difference?.kept).toMatch(/^\s?Monday/)
})

test('a place that is taken over still knows what it held', async () => {
  const run = start(1)
  await turn(run, `${words('lamp', 20)} It is Monday. ${words('book', 12)}`)
  const { cache } = await turn(run, `${words('lamp', 20)} It is Sunday. ${words('book', 12)}`)
  expect(cache.outcome).toBe('differs')
  expect(cache.difference?.kept).toMatch(/Monday/)
  expect(cache.difference?.lostTokens).toBeGreaterThan(100)
})

test('a prompt like no other says so, and one that goes on says nothing is lost', async () => {
  const run = start(2)
  expect((await turn(run, words('lamp'))).cache.outcome).toBe('nothing-kept')
  const again = await turn(run, words('lamp'), { maxTokens: 0 })
  expect(again.cache).toMatchObject({ outcome: 'reused', reusedTokens: again.cache.promptTokens - 1 })
})

test('a greedy prompt says that it reuses only whole pieces', async () => {
  const run = start(2)
  await turn(run, words('lamp'))
  const { cache } = await turn(run, words('lamp'), { sampling: { temperature: 0 } })
  expect(cache.outcome).toBe('whole-pieces')
})

test('with a model that has states, turns go on from checkpoints, here and in what was written away', async () => {
  const hybrid = join(folder.path, 'hybrid.gguf')
  await writeTinyFamily(hybrid, 'qwen35')
  const run = start(1, { file: hybrid })
  const marked = { system: [text(words('lamp'), {})] }
  const first = await turn(run, words('book'), marked)
  const { inputTokens = 0, cacheWriteTokens = 0 } = first.usage
  expect(cacheWriteTokens).toBeGreaterThan(200)

  const again = await turn(run, words('book'), marked)
  expect(again.cache).toMatchObject({ outcome: 'checkpoint', reusedTokens: inputTokens - 64 })
  expect(again.usage).toMatchObject({ inputTokens, cacheReadTokens: inputTokens - 64, cacheWriteTokens: 0 })

  const other = await turn(run, words('cup', 60), marked)
  expect(other.usage.cacheReadTokens).toBeGreaterThanOrEqual(cacheWriteTokens)
  const back = await turn(run, `${words('book')} And?`, marked)
  expect(back.cache.restoredTokens).toBeGreaterThan(cacheWriteTokens + 200)
  expect(back.usage.cacheReadTokens).toBe(back.cache.restoredTokens)
})

async function labelled({ memoryDirectory }: Run): Promise<void> {
  const names = async (): Promise<readonly string[]> => readdir(memoryDirectory, { recursive: true })
  while (!(await names()).some(name => name.endsWith('.json'))) await new Promise(resolve => setTimeout(resolve, 10))
}

async function watchCrash({ news }: TestEngine): Promise<void> {
  while (!news.some(({ type }) => type === 'crashed')) await new Promise(resolve => setTimeout(resolve, 5))
}
