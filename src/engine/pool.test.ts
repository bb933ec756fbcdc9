import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { askFor, openEngine, temporaryFolder } from '../../test/support/engine.ts'
import { until } from '../../test/chaos/serve-engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { passingClock } from '../../test/support/passing-clock.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { ModelEvent } from '../core/events.ts'
import type { Priority } from '../core/request.ts'
import { estimateMemory } from '../gguf/memory.ts'
import { readGguf } from '../gguf/read-gguf.ts'
import type { PoolPolicy } from './pool-policy.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let files: Readonly<Record<string, string>>
/** What one model takes that writes one answer at once. */
let oneModel: number

beforeAll(async () => {
  folder = await temporaryFolder()
  const paths = ['one', 'two', 'three'].map(name => [name, join(folder.path, `${name}.gguf`)] as const)
  const [[, first] = ['', '']] = paths
  await writeTinyModel(first)
  for (const [, path] of paths.slice(1)) await copyFile(first, path)
  files = Object.fromEntries(paths)
  oneModel = estimateMemory(await readGguf(first), { slots: 1, contextTokens: 2048, batchTokens: 512 }).totalBytes
})

afterAll(() => folder.remove())

let opened: TestEngine
afterEach(() => opened.engine.close())

function open(policy: Partial<PoolPolicy>, now?: () => number): TestEngine {
  opened = openEngine(files, { policy, preferences: { slots: 1 }, ...(now && { now }) })
  return opened
}

const never = (): AbortSignal => new AbortController().signal
const loaded = (): readonly string[] => opened.engine.status().map(({ model }) => model)
const told = (type: string): readonly object[] => opened.news.filter(news => news.type === type)

/** Begins a long answer; gives the means to end it. */
async function occupy(model: string): Promise<AsyncIterator<ModelEvent>> {
  const answer = opened.engine.stream(askFor('Hello', { model, maxTokens: 1900 }), never())
  const events = answer[Symbol.asyncIterator]()
  await events.next()
  return events
}

/** Asks a model again and again, with several requests at a time. Throws where one of them fails. */
async function keepBusy(model: string, stop: AbortSignal, priority: Priority = 'normal'): Promise<void> {
  const askOn = async (name: string): Promise<void> => {
    for (let asked = 0; !stop.aborted; asked += 1)
      await opened.ask(`Question ${asked} of ${name}`, { model, priority, maxTokens: 100 })
  }
  await Promise.all(['ada', 'bob', 'eve'].map(askOn))
}

describe('a budget of memory', () => {
  test('holds as many models as fit', async () => {
    const { ask } = open({ memoryBytes: 2 * oneModel })
    await Promise.all([ask('Hi', { model: 'one' }), ask('Hi', { model: 'two' })])
    expect(loaded()).toEqual(['one', 'two'])
    expect(opened.engine.status().map(({ plan }) => plan?.memoryBytes)).toEqual([oneModel, oneModel])
  })

  test('loses the least recently used model to another one', async () => {
    const { ask } = open({ memoryBytes: 2 * oneModel })
    for (const model of ['one', 'two', 'one', 'three']) await ask('Hi', { model })
    expect(told('unloaded')).toEqual([{ type: 'unloaded', model: 'two', why: 'room' }])
    expect(loaded()).toEqual(['one', 'three'])
  })

  test('never loses a model that answers; who waited too long for it is told to come back', async () => {
    const { ask } = open({ memoryBytes: oneModel, queueTimeoutMs: 50 })
    const events = await occupy('one')
    const refused = ask('Hi', { model: 'two' })
    await expect(refused).rejects.toThrow(/no memory for model 'two' beside those that are in use \('one'\)/)
    await expect(refused).rejects.toMatchObject({ kind: 'overloaded', retryAfterMs: 5000 })
    expect((await events.next()).done).toBe(false)
    await events.return?.()
  })

  test('is known to be taken before anybody waits for it', async () => {
    const { ask, engine } = open({ memoryBytes: oneModel })
    // Its file is read for the first who asks, who is not kept waiting for that.
    expect(engine.outlook?.('two')).toBeUndefined()
    await ask('Hi', { model: 'one' })
    expect(engine.outlook?.('two')).toBeUndefined()
    const events = await occupy('one')
    const memory = { neededBytes: oneModel, freeBytes: 0 }
    expect(engine.outlook?.('two')).toEqual({ state: 'no-room', memory })
    const waiting = ask('Hi', { model: 'two' })
    await new Promise(setImmediate)
    expect(engine.outlook?.('two')).toEqual({ state: 'no-room', memory, waiting: 1 })
    await events.return?.()
    await waiting
    expect(engine.outlook?.('two')).toMatchObject({ state: 'ready' })
  })

  test('is known to be too small for a model, whatever is unloaded', async () => {
    const { engine } = open({ memoryBytes: oneModel - 1 })
    engine.outlook?.('one')
    await until(() => engine.outlook?.('one') !== undefined)
    const memory = { neededBytes: oneModel, freeBytes: oneModel - 1 }
    expect(engine.outlook?.('one')).toEqual({ state: 'no-room', memory })
  })

  test('is waited for until a busy model is done', async () => {
    const { ask } = open({ memoryBytes: oneModel })
    const events = await occupy('one')
    const waiting = ask('Hi', { model: 'two' })
    await new Promise(setImmediate)
    expect(opened.engine.status()[1]).toMatchObject({ model: 'two', state: 'waiting', requests: 1 })
    await events.return?.()
    expect((await waiting).usage.outputTokens).toBe(24)
    expect(loaded()).toEqual(['two'])
  })

  test('is made by a model that is never without requests, once another one waited for ten seconds', async () => {
    const clock = passingClock()
    const { ask } = open({ memoryBytes: oneModel }, clock.now)
    const stopping = new AbortController()
    const busy = keepBusy('one', stopping.signal)
    await until(() => opened.engine.status()[0]?.answering === 1)
    clock.pass(60_000)
    const waiting = ask('Hi', { model: 'two' })
    await until(() => opened.engine.status().some(({ state }) => state === 'waiting'))
    expect(told('leaving')).toEqual([])
    clock.pass(10_000)
    expect((await waiting).usage.outputTokens).toBe(24)
    expect(told('leaving')).toEqual([{ type: 'leaving', model: 'one', for: 'two' }])
    stopping.abort()
    // What had begun was written to its end, and what waited was answered after the other model.
    await busy
    expect(told('failed')).toEqual([])
  })

  test('goes from one model to the other and back where both are never without requests', async () => {
    const clock = passingClock()
    open({ memoryBytes: oneModel }, clock.now)
    const stopping = new AbortController()
    const busy = [keepBusy('one', stopping.signal), keepBusy('two', stopping.signal)]
    const turns = (): readonly string[] => opened.news.flatMap(({ type, model }) => (type === 'ready' ? [model] : []))
    for (let turn = 1; turn <= 3; turn += 1) {
      await until(() => turns().length === turn && opened.engine.status().some(({ state }) => state === 'waiting'))
      // A model that has just been loaded keeps its place, however long the other one waited.
      clock.pass(19_000)
      await new Promise(resolve => setTimeout(resolve, 600))
      expect(turns()).toHaveLength(turn)
      clock.pass(1000)
    }
    stopping.abort()
    await Promise.all(busy)
    const [first, second, third, fourth] = turns()
    expect(new Set([first, second])).toEqual(new Set(['one', 'two']))
    expect([third, fourth]).toEqual([first, second])
    expect(told('failed')).toEqual([])
  })

  test('is not made by what answers something more urgent, for half a minute', async () => {
    const clock = passingClock()
    const { ask } = open({ memoryBytes: oneModel }, clock.now)
    const stopping = new AbortController()
    const busy = keepBusy('one', stopping.signal, 'high')
    await until(() => opened.engine.status()[0]?.answering === 1)
    const waiting = ask('Hi', { model: 'two' })
    await until(() => opened.engine.status().some(({ state }) => state === 'waiting'))
    clock.pass(29_000)
    await new Promise(resolve => setTimeout(resolve, 600))
    expect(told('leaving')).toEqual([])
    clock.pass(1000)
    expect((await waiting).usage.outputTokens).toBe(24)
    stopping.abort()
    await busy
  })

  test('is kept for who was refused while it was being made', async () => {
    const clock = passingClock()
    const { ask } = open({ memoryBytes: oneModel, queueTimeoutMs: 1500 }, clock.now)
    const events = await occupy('one')
    const leaving = opened.processOf('one')
    process.kill(leaving, 'SIGSTOP')
    clock.pass(60_000)
    const refused = ask('Hi', { model: 'two' })
    await until(() => opened.engine.status().some(({ state }) => state === 'waiting'))
    clock.pass(10_000)
    await expect(refused).rejects.toMatchObject({ kind: 'overloaded' })
    const back = ask('Hi', { model: 'one' }).catch(() => {})
    await until(() => opened.engine.status().some(({ state }) => state === 'waiting'))
    process.kill(leaving, 'SIGCONT')
    await events.return?.()
    await until(() => opened.engine.status().length === 1)
    expect((await ask('Hi', { model: 'two' })).usage.outputTokens).toBe(24)
    await back
    expect(opened.news.flatMap(({ type, model }) => (type === 'ready' ? [model] : [])).slice(0, 2)).toEqual([
      'one',
      'two',
    ])
  })

  test('never loses a pinned model', async () => {
    const { ask, engine } = open({ memoryBytes: oneModel, pinned: ['one'] })
    await engine.load('one')
    await expect(ask('Hi', { model: 'two' })).rejects.toThrow(/'two' cannot be loaded: .* needs [\d.]+ MiB/)
    expect(engine.status()).toMatchObject([{ model: 'one', state: 'ready', isPinned: true }])
  })

  test('is shared from the beginning with models that are expected', async () => {
    opened = openEngine(files, { policy: { memoryBytes: 4 * oneModel, expected: ['one', 'two'] } })
    await opened.engine.load('one')
    await opened.engine.load('two')
    const bytes = opened.engine.status().map(({ plan }) => plan?.memoryBytes ?? 0)
    expect(bytes).toHaveLength(2)
    expect(Math.max(...bytes)).toBeLessThanOrEqual(2 * oneModel)
    expect(told('unloaded')).toEqual([])
  })
})

describe('a model without requests', () => {
  test('is unloaded at once where nothing keeps it', async () => {
    const { ask } = open({ keepAliveMs: 0 })
    await ask('Hi', { model: 'one' })
    while (loaded().length > 0) await new Promise(resolve => setTimeout(resolve, 5))
    expect(told('unloaded')).toEqual([{ type: 'unloaded', model: 'one', why: 'idle' }])
    expect(told('crashed')).toEqual([])
  })

  test('stays where it is pinned', async () => {
    const { ask } = open({ keepAliveMs: 0, pinned: ['one'] })
    await ask('Hi', { model: 'one' })
    await ask('Hi', { model: 'two' })
    while (loaded().includes('two')) await new Promise(resolve => setTimeout(resolve, 5))
    expect(loaded()).toEqual(['one'])
  })
})

describe('a model of which the owner says how long it stays', () => {
  test('stays for that long, whatever holds for the others', async () => {
    const { ask } = open({ keepAliveMs: 0, keepAliveMsOf: model => (model === 'one' ? 300_000 : undefined) })
    await ask('Hi', { model: 'one' })
    await ask('Hi', { model: 'two' })
    while (loaded().includes('two')) await new Promise(resolve => setTimeout(resolve, 5))
    expect(loaded()).toEqual(['one'])
  })
})

describe('a loading model', () => {
  test('is loaded once for all who ask, and each sees how far it is', async () => {
    const { ask, engine, news } = open({})
    const asked = Array.from({ length: 5 }, (_, index) => ask(`Question ${index}`, { model: 'one' }))
    await new Promise(setImmediate)
    expect(engine.status()).toMatchObject([{ state: 'waiting', progress: 0, requests: 5 }])
    await Promise.all(asked)
    expect(engine.status()).toMatchObject([{ state: 'ready', progress: 1, requests: 0 }])
    expect(told('loading')).toHaveLength(1)
    const fractions = news.flatMap(each => (each.type === 'progress' ? [each.fraction] : []))
    expect(fractions.length).toBeGreaterThan(0)
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b))
  })

  test('goes on loading for the next one when who asked for it leaves', async () => {
    const { engine, ask } = open({})
    const leaving = new AbortController()
    const events = engine.stream(askFor('Hi', { model: 'one' }), leaving.signal)[Symbol.asyncIterator]()
    const waiting = events.next()
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ kind: 'aborted' })
    await ask('Hi', { model: 'one' })
    expect(told('loading')).toHaveLength(1)
  })

  test('is given up when the engine closes', async () => {
    const { engine, ask } = open({})
    const broken = ask('Hi', { model: 'one' })
    await new Promise(setImmediate)
    await engine.close()
    await expect(broken).rejects.toThrow('the server is stopping')
    await expect(ask('Hi', { model: 'one' })).rejects.toThrow('the server is stopping')
  })
})

test('a model that was left alone is loaded again after a minute', async () => {
  let passedMs = 0
  const { ask, processOf } = open({}, () => performance.now() + passedMs)
  for (let kills = 1; kills <= 3; kills += 1) {
    await ask('Hi', { model: 'one' })
    process.kill(processOf('one'), 'SIGKILL')
    while (told('crashed').length < kills) await new Promise(resolve => setTimeout(resolve, 5))
  }
  await expect(ask('Hi', { model: 'one' })).rejects.toThrow(/it is tried again in \d+ s/)
  passedMs = 60_000
  expect((await ask('Hi', { model: 'one' })).usage.outputTokens).toBe(24)
})

test('a pinned model that was left alone is loaded again after a minute, whether anybody asks or not', async () => {
  const clock = passingClock()
  const { engine, processOf } = open({ pinned: ['one'] }, clock.now)
  for (let kills = 1; kills <= 3; kills += 1) {
    await engine.load('one')
    process.kill(processOf('one'), 'SIGKILL')
    await until(() => told('crashed').length === kills)
  }
  expect(loaded()).toEqual([])
  clock.pass(60_000)
  await until(() => engine.status()[0]?.state === 'ready')
})
