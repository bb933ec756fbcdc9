import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { GgufFile, ModelShape } from '../gguf/gguf-file.ts'
import { readGguf } from '../gguf/read-gguf.ts'
import { requireStorable, usesFlashAttention } from './attention.ts'
import type { Attention } from './attention.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let file: GgufFile

beforeAll(async () => {
  folder = await temporaryFolder()
  const path = join(folder.path, 'tiny.gguf')
  await writeTinyModel(path)
  file = await readGguf(path)
})

afterAll(() => folder.remove())

const shaped = (shape: Partial<ModelShape>): GgufFile => ({ ...file, shape: { ...file.shape, ...shape } })

test.each<Attention>([
  {},
  { cacheType: 'f16', flashAttention: 'off' },
  { cacheType: 'q8_0' },
  { cacheType: 'q4_0', flashAttention: 'on' },
])('a model whose heads are whole blocks may be kept as %j', attention => {
  expect(() => requireStorable(file, attention)).not.toThrow()
})

test('blocks need flash attention', () => {
  expect(() => requireStorable(file, { cacheType: 'q8_0', flashAttention: 'off' })).toThrow(
    'tiny.gguf cannot keep its keys and values as q8_0 without flash attention; set that to auto, or the kv cache to f16',
  )
})

test('a model that runs without flash attention, whatever is asked, cannot be kept in blocks', () => {
  const grok = shaped({ architecture: 'grok' })
  expect(usesFlashAttention(grok, { flashAttention: 'on' })).toBe(false)
  expect(() => requireStorable(grok, { cacheType: 'q4_0' })).toThrow(/as grok models run without flash attention/)
})

test.each<Partial<ModelShape>>([{ keyLength: 80 }, { valueLength: 80 }])(
  'heads that are no whole blocks are refused with their size: %j',
  shape => {
    expect(() => requireStorable(shaped(shape), { cacheType: 'q8_0' })).toThrow(/its heads have 80 numbers/)
    expect(() => requireStorable(shaped(shape), { cacheType: 'f16' })).not.toThrow()
  },
)
