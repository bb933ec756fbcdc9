import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { openPool } from '../../test/support/open-pool.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { LoadPreferences } from './load-plan.ts'
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

function open(preparation: string, preferences: Partial<LoadPreferences>): void {
  ;({ pool, news } = openPool(folder.path, { preparation, preferences }))
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
