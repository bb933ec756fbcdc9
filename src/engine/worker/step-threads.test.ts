import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { tinyFamilies, writeTinyFamily } from '../../../test/support/tiny-families.ts'
import { useTinyModel } from '../../../test/support/use-tiny-model.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import type { TokenLogprob } from '../../core/events.ts'
import type { LoadSettings } from '../messages.ts'
import { loadLanguageModel } from './language-model.ts'
import { NativeSlots } from './model-slots.ts'
import { openModel } from './open-model.ts'
import { chooseThreads, StepThreads } from './step-threads.ts'

const files = useTinyModel()

async function settingsFor(modelPath: string, threads: Pick<LoadSettings, 'threads' | 'promptThreads'>) {
  const packageDirectory = await provisionForTests()
  const sizes = { use: 'answers', contextTokens: 512, slots: 1, batchTokens: 512 } as const
  const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  return { modelPath, packageDirectory, ...sizes, ...computation, ...threads }
}

test('prompts are read on all cores and all else leaves one free, unless the owner says otherwise', () => {
  expect(chooseThreads({}, 8)).toEqual({ small: 7, large: 8 })
  expect(chooseThreads({}, 1)).toEqual({ small: 1, large: 1 })
  expect(chooseThreads({ threads: 4 }, 8)).toEqual({ small: 4, large: 4 })
  expect(chooseThreads({ promptThreads: 3 }, 8)).toEqual({ small: 7, large: 3 })
  expect(chooseThreads({ threads: 2, promptThreads: 6 }, 8)).toEqual({ small: 2, large: 6 })
})

test('only large pieces are evaluated on the threads for prompts', async () => {
  const settings = await settingsFor(files.tiny, { threads: 1, promptThreads: 2 })
  const { model, bindings, threads } = await openModel(settings, () => {})
  const { _ctx: context } = await model.createContext({ sequences: 1, contextSize: 512, batchSize: 512, threads: 1 })
  const slots = new NativeSlots(context, bindings, { ...settings, threads, canForget: true, wholeFileTokens: Infinity })
  const threadsOf = async (count: number): Promise<number> => {
    slots.forget(0, 0)
    await slots.evaluate([{ slot: 0, position: 0, tokens: new Uint32Array(count).fill(40), samples: false }])
    return context.getThreads()
  }
  expect([await threadsOf(1), await threadsOf(127), await threadsOf(128), await threadsOf(1)]).toEqual([1, 1, 2, 1])
})

test('large pieces leave a core free for a while where the threads had to share their cores, and then try again', () => {
  const threads = new StepThreads({ small: 1, large: 2 })
  const step = (tokens: number, computed: number): number => {
    const count = threads.next(tokens)
    threads.took(tokens, { elapsed: 100, computed })
    return count
  }
  expect([step(512, 195), step(512, 140)]).toEqual([2, 2])
  expect(step(1, 100)).toBe(1)
  expect(Array.from({ length: 8 }, () => step(512, 100))).toEqual(Array<number>(8).fill(1))
  expect([step(512, 195), step(512, 195)]).toEqual([2, 2])
})

/* Reproducible answers rest on it (docs/adr/0011). */
describe('the number of threads changes nothing in what a large piece gives', () => {
  async function likeliestAfterReading(modelPath: string, promptThreads: number): Promise<TokenLogprob> {
    const model = await loadLanguageModel(await settingsFor(modelPath, { threads: 1, promptThreads }), () => {})
    const tokens = model.tokenize('The tide comes in and the boats go out. '.repeat(10))
    const [[logits = 0] = []] = await model.evaluate([{ slot: 0, position: 0, tokens, samples: true }])
    const meter = model.createMeter(20)
    const measured = await meter.measure(logits, 40)
    meter.dispose()
    return measured
  }

  test.each(['llama', ...tinyFamilies] as const)('of a model of the family %s', async family => {
    const path = family === 'llama' ? files.tiny : join(files.folder, `${family}.gguf`)
    if (family !== 'llama') await writeTinyFamily(path, family)
    expect(await likeliestAfterReading(path, 2)).toEqual(await likeliestAfterReading(path, 1))
  })
})
