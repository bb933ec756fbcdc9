import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { GgufFile } from './gguf-file.ts'
import { chooseContext } from './choose-context.ts'
import { estimateMemory, size } from './memory.ts'
import { readGguf } from './read-gguf.ts'

let folder: string
let file: GgufFile

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'))
  const path = join(folder, 'model.gguf')
  await writeTinyModel(path, { contextLength: 16_384 })
  file = await readGguf(path)
})

afterAll(async () => rm(folder, { recursive: true }))

const wish = { contextTokens: 8192, slots: 4 }

test('keys and values take two layers of two heads of 32 + 32 numbers of two bytes', () => {
  expect(estimateMemory(file, wish).kvBytes).toBe(2 * 2 * 64 * 2 * 8192 * 4)
})

test('keys and values of 8 bits take 34 bytes where those of 16 bits take 64', () => {
  const [half, byte] = (['f16', 'q8_0'] as const).map(cacheType => estimateMemory(file, { ...wish, cacheType }).kvBytes)
  expect((byte ?? 0) / (half ?? 1)).toBe(34 / 64)
})

test('without flash attention each head takes a matrix of the batch and the context', () => {
  const bytes = (hasFlashAttention: boolean) => estimateMemory(file, { ...wish, hasFlashAttention }).computeBytes
  expect(bytes(false) - bytes(true)).toBe(4 * 4 * 512 * 8192)
})

test('layers without keys and values take none', () => {
  const shape = { ...file.shape, keyValueHeads: [2, 0] }
  expect(estimateMemory({ ...file, shape }, wish).kvBytes).toBe(estimateMemory(file, wish).kvBytes / 2)
})

test('recurrent layers take their state for each slot and each checkpoint, however long the context', () => {
  const shape = { ...file.shape, keyValueHeads: [0, 0], recurrentStateLength: 1000 }
  const tensors = file.tensors.map(tensor => ({ ...tensor, name: tensor.name.replace('0.attn_k', '0.ssm_conv1d') }))
  const recurrent = { ...file, shape, tensors }
  expect(estimateMemory(recurrent, wish).kvBytes).toBe(1000 * 4 * 4)
  expect(estimateMemory(recurrent, { ...wish, checkpoints: 2 }).kvBytes).toBe(1000 * 4 * 4 * 3)
})

test('the experts that a token takes are counted by their own width', () => {
  const shape = { ...file.shape, feedForwardLength: 128, expertsUsed: 8 }
  const narrow = estimateMemory({ ...file, shape: { ...shape, expertLength: 16 } }, wish).computeBytes
  const wide = estimateMemory({ ...file, shape: { ...shape, expertLength: 128 } }, wish).computeBytes
  expect(wide - narrow).toBe(512 * 4 * 2 * (8 - 1) * 128)
})

test('embeddings that are the output layer too are counted twice', () => {
  const tensors = file.tensors.filter(tensor => tensor.name !== 'output.weight')
  expect(estimateMemory({ ...file, tensors }, wish).weightsBytes).toBe(estimateMemory(file, wish).weightsBytes)
})

test('the total is the sum of the parts', () => {
  const { weightsBytes, kvBytes, computeBytes, totalBytes } = estimateMemory(file, wish)
  expect(weightsBytes).toBe(file.tensors.reduce((sum, { bytes }) => sum + bytes, 0))
  expect(totalBytes).toBe(weightsBytes + kvBytes + computeBytes)
})

test('with memory enough a model runs as wished', () => {
  expect(chooseContext(file, { ...wish, availableBytes: 2 ** 32 })).toMatchObject(wish)
})

test('no context is longer than the model was trained for', () => {
  const plan = chooseContext(file, { contextTokens: 100_000, slots: 1, availableBytes: 2 ** 32 })
  expect(plan.contextTokens).toBe(16_384)
})

test('with less memory there are fewer slots first, and then a shorter context', () => {
  const needed = (slots: number, contextTokens: number) => estimateMemory(file, { slots, contextTokens }).totalBytes
  expect(chooseContext(file, { ...wish, availableBytes: needed(2, 8192) })).toMatchObject({
    slots: 2,
    contextTokens: 8192,
  })
  expect(chooseContext(file, { ...wish, availableBytes: needed(1, 4096) })).toMatchObject({
    slots: 1,
    contextTokens: 4096,
  })
})

test('a model that does not fit is refused with the numbers', () => {
  expect(() => chooseContext(file, { ...wish, availableBytes: 2 ** 20 })).toThrow(
    /^model\.gguf needs \d+ MiB of memory: weights 1 MiB, 1 × 2,048 tokens of context 1 MiB, computing \d+ MiB; 1 MiB is available\. /,
  )
})

test('sizes are written as people read them', () => {
  expect([41.2 * 2 ** 30, 310 * 2 ** 20].map(size)).toEqual(['41.2 GiB', '310 MiB'])
})
