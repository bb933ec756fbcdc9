import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { temporaryFolder } from '../../../test/support/engine.ts'
import { tinyFamilies, writeTinyFamily } from '../../../test/support/tiny-families.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import { estimateMemory } from '../../gguf/memory.ts'
import { readGguf } from '../../gguf/read-gguf.ts'
import { checkLanguageModel } from './check-language-model.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
})

afterAll(() => folder.remove())

const story = 'The tide comes in and the boats go out. '

describe.each(tinyFamilies)('a model of the family %s', family => {
  let model: LanguageModel
  let first: Uint32Array
  let second: Uint32Array

  beforeAll(async () => {
    const modelPath = join(folder.path, `${family}.gguf`)
    await writeTinyFamily(modelPath, family)
    const packageDirectory = await provisionForTests()
    const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
    const sizes = { use: 'answers' as const, contextTokens: 512, slots: 3, batchTokens: 512, threads: 1 }
    model = await loadLanguageModel({ modelPath, packageDirectory, ...sizes, ...computation }, () => {})
    await checkLanguageModel(model)
    first = model.tokenize(story.repeat(6))
    second = model.tokenize('Winter is long, and the wolves are hungry. '.repeat(5))
  })

  async function read(slot: number, tokens: Uint32Array): Promise<void> {
    model.forget(slot, 0)
    await model.evaluate([{ slot, position: 0, tokens, samples: false }])
  }

  /** Reads some more, and gives the likeliest tokens that follow. */
  async function continueIn(slot: number, position: number, more = story): Promise<readonly number[]> {
    const sampler = model.createSampler({ temperature: 0 })
    const drawn: number[] = []
    let [at, tokens] = [position, model.tokenize(more)]
    while (drawn.length < 12) {
      const [[logits = 0] = []] = await model.evaluate([{ slot, position: at, tokens, samples: true }])
      at += tokens.length
      const next = await sampler.sample(logits)
      drawn.push(next)
      tokens = Uint32Array.of(next)
    }
    sampler.dispose()
    return drawn
  }

  test('a copy is what its source was, whatever becomes of the source before the next batch', async () => {
    const path = join(folder.path, `${family}.state`)
    await read(0, second)
    await model.saveSlot(0, path, second)
    await read(0, first)
    const expected = await continueIn(0, first.length)
    await read(0, first)
    await model.copy(1, 0)
    model.forget(0, 0)
    await model.loadSlot(0, path)
    expect(await continueIn(1, first.length)).toEqual(expected)
  })

  test('a file that is written right after a copy holds the copy', async () => {
    const path = join(folder.path, `${family}.state`)
    await read(0, first)
    const expected = await continueIn(0, first.length)
    await read(0, first)
    await read(1, second)
    await model.copy(1, 0)
    await model.saveSlot(1, path, first)
    model.forget(2, 0)
    expect(await model.loadSlot(2, path)).toEqual(first)
    expect(await continueIn(2, first.length)).toEqual(expected)
    expect(await continueIn(1, first.length)).toEqual(expected)
  })

  test('a slot and its copy go back to where they were', async () => {
    await read(0, first)
    const expected = await continueIn(0, first.length)
    await read(0, first)
    const checkpoint = model.canForget ? undefined : await model.takeCheckpoint(0)
    await continueIn(0, first.length, 'Winter is long.')
    await model.copy(1, 0)
    for (const slot of [0, 1]) {
      expect(checkpoint ? await checkpoint.restore(slot) : model.forget(slot, first.length)).toBe(true)
      expect(await continueIn(slot, first.length)).toEqual(expected)
    }
    checkpoint?.dispose()
  })

  test('what is read from a file goes back as far as it can, and never to what the file lacks', async () => {
    const path = join(folder.path, `${family}.state`)
    const at = first.length - 30
    await read(0, first.subarray(0, at))
    const expected = await continueIn(0, at, 'Winter is long. '.repeat(8))
    await read(0, first)
    await model.saveSlot(0, path, first)
    await model.loadSlot(1, path)
    const isBack = model.forget(1, at)
    expect(isBack).toBe(model.wholeFileTokens >= first.length)
    if (isBack) expect(await continueIn(1, at, 'Winter is long. '.repeat(8))).toEqual(expected)
  })

  test('a checkpoint takes what was set apart for it', async () => {
    if (model.canForget) return
    await read(0, first)
    const checkpoint = await model.takeCheckpoint(0)
    const file = await readGguf(join(folder.path, `${family}.gguf`))
    const bytes = (checkpoints: number) => estimateMemory(file, { contextTokens: 512, slots: 1, checkpoints }).kvBytes
    const apart = bytes(1) - bytes(0)
    expect(Math.abs(checkpoint.bytes - apart)).toBeLessThan(1024)
    checkpoint.dispose()
  })

  test('prompts several times as long as a window are read the same in one piece and in several', async () => {
    const more = 'And then? '.repeat(12)
    await read(0, first)
    const expected = await continueIn(0, first.length, more)
    model.forget(1, 0)
    for (const [from, to] of [
      [0, 70],
      [70, 140],
      [140, first.length],
    ] as const) {
      await model.evaluate([{ slot: 1, position: from, tokens: first.subarray(from, to), samples: false }])
    }
    expect(await continueIn(1, first.length, more)).toEqual(expected)
  })
})
