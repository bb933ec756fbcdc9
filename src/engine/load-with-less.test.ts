import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { provisionForTests } from '../../test/support/engine-package.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { usualPacing } from '../../test/support/usual-pacing.ts'
import { examineModel } from './candidate.ts'
import type { LoadPreferences } from './load-plan.ts'
import { createModelPool } from './pool.ts'
import type { ModelPool } from './pool.ts'
import type { PoolNews } from './pool-news.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let pool: ModelPool
let news: readonly PoolNews[]

/* 32 KiB of keys and values a token: a context of the usual length is 1 GiB. */
const layers = 128

beforeAll(async () => {
  folder = await temporaryFolder()
  await writeTinyModel(join(folder.path, 'deep.gguf'), { contextLength: 32_768, layers })
  await writeTinyModel(join(folder.path, 'tiny.gguf'))
})

afterEach(() => pool.close())

afterAll(() => folder.remove())

/** Opens a pool whose processes a shell starts, after it did something to itself. */
function open(preparation: string, preferences: Partial<LoadPreferences>): void {
  const told: PoolNews[] = []
  news = told
  const means = {
    locate: async (model: string) => join(folder.path, `${model}.gguf`),
    provision: provisionForTests,
    preferences: () => ({ batchTokens: 64, pacing: usualPacing, threads: 1, ...preferences }),
    environment: { PATH: process.env['PATH'] ?? '' },
    now: () => performance.now(),
    confine: async () => ({
      prefix: ['/bin/sh', '-c', `ulimit -c 0; ${preparation}; exec "$@"`, 'sh'],
      hasNoNetwork: false,
    }),
  }
  pool = createModelPool({
    policy: { keepAliveMs: 300_000, pinned: [], expected: [], queueTimeoutMs: 10_000 },
    examine: (model, signal) => examineModel(model, means, signal),
    availableMemoryBytes: () => 16 * 2 ** 30,
    now: means.now,
    onNews: one => void told.push(one),
  })
}

const use = (model: string) => pool.use(model, new AbortController().signal)

/** What was told of plans, each as `loading 8 × 2048`. */
const plans = (): readonly string[] =>
  news.flatMap(one => ('plan' in one ? [`${one.type} ${one.plan.slots} × ${one.plan.contextTokens}`] : []))
const told = (type: PoolNews['type']): number => news.filter(one => one.type === type).length

/* A process without any model has 0.75 GiB of memory to write to, most of which it never touches. */
const limitOf = (gibibytes: number): string => `ulimit -d ${gibibytes * 2 ** 20}`

/* Such a limit is kept on Linux only. */
describe.runIf(process.platform === 'linux')('a model for which the engine gets less memory than was planned', () => {
  test('is loaded with fewer slots, and then with a shorter context', async () => {
    open(limitOf(1.5), { slots: 2 })
    const { host } = await use('deep')
    expect(host.info).toMatchObject({ slots: 1, contextTokens: 16_384 })
    expect(plans()).toEqual([
      'loading 2 × 32768',
      'refused 2 × 32768',
      'loading 1 × 32768',
      'refused 1 × 32768',
      'loading 1 × 16384',
    ])
    expect(pool.slots('deep')).toBe(1)
    const [status] = pool.status()
    expect(status).toMatchObject({ state: 'ready', plan: { slots: 1, contextTokens: 16_384 } })
    expect(told('failed') + told('crashed')).toBe(0)
  })

  test('is refused with all that was tried where the owner wants the whole context', async () => {
    open(limitOf(1.5), { slots: 1, contextTokens: 32_768 })
    const refused = use('deep')
    await expect(refused).rejects.toThrow(
      /^model 'deep' cannot be loaded: the engine refused 1 × 32,768 tokens of context in 1\.\d GiB, most likely for lack of memory/,
    )
    await expect(refused).rejects.toMatchObject({ kind: 'unavailable', isWorthRepeating: false })
    expect(told('refused')).toBe(1)
    expect(told('failed')).toBe(1)
    expect(told('crashed')).toBe(0)
    expect(pool.status()).toEqual([])
  })
})

/** Aborts a process as the engine does where it finds no memory in the middle of its work, so many times. */
function abortTimes(times: number): string {
  const marks = Array.from({ length: times }, (_, mark) => `mkdir ${folder.path}/aborted-${times}-${mark} 2>/dev/null`)
  return `if ${marks.join(' || ')}; then kill -ABRT $$; fi`
}

describe('a process that aborts while it loads', () => {
  test('is replaced by one that takes less memory', async () => {
    open(abortTimes(2), {})
    const { host } = await use('tiny')
    expect(host.info.slots).toBe(2)
    expect(plans().filter(one => one.startsWith('loading'))).toEqual([
      'loading 8 × 2048',
      'loading 4 × 2048',
      'loading 2 × 2048',
    ])
    expect(told('crashed')).toBe(0)
  })

  test('is tried six times at most, which counts as one failure', async () => {
    open('kill -ABRT $$', { slots: 512 })
    for (let asked = 1; asked <= 3; asked += 1)
      await expect(use('tiny')).rejects.toThrow(/refused 512 × 2,048 .*, 16 × 2,048 tokens of context in/)
    expect(told('loading')).toBe(18)
    await expect(use('tiny')).rejects.toThrow(/the engine could not load 'tiny' 3 times within a minute/)
  })

  test('is a crash like any other where there is nothing to do without', async () => {
    open(abortTimes(1), { slots: 1, contextTokens: 2048 })
    await expect(use('tiny')).rejects.toMatchObject({
      message: 'the engine process ended while it loaded the model',
      isWorthRepeating: true,
    })
    expect((await use('tiny')).host.info.slots).toBe(1)
  })
})
