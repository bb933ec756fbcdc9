import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGguf } from '../../test/support/gguf-writer.ts'
import type { GgufToWrite, TensorToWrite } from '../../test/support/gguf-writer.ts'
import { adapterMetadata, loraPair, matrix, tinyAdapter } from '../../test/support/tiny-adapter.ts'
import { tinyModel, writeTinyModel } from '../../test/support/tiny-model.ts'
import type { GgufFile } from './gguf-file.ts'
import { readAdapter } from './read-adapter.ts'
import { readGguf } from './read-gguf.ts'

let folder: string
let model: GgufFile
let path: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapter-'))
  path = join(folder, 'adapter.gguf')
  await writeTinyModel(join(folder, 'model.gguf'))
  model = await readGguf(join(folder, 'model.gguf'))
})

afterAll(async () => rm(folder, { recursive: true }))

async function read(adapter: GgufToWrite, of: GgufFile = model): Promise<{ bytes: number }> {
  await writeFile(path, encodeGguf(adapter))
  return readAdapter(path, of)
}

const query = (): readonly TensorToWrite[] => loraPair('blk.0.attn_q.weight', { input: 64, output: 128 })

test('an adapter that fits its model tells what its tensors take', async () => {
  const { bytes } = await read(tinyAdapter())
  expect(bytes).toBe(4 * 4 * (64 + 128 + 128 + 64))
})

test('an adapter may change the embeddings of a model whose output layer is another', async () => {
  const tokens = model.tokenizer.vocabularySize
  const tensors = [matrix('token_embd.weight.lora_a', [4, tokens]), matrix('token_embd.weight.lora_b', [4, 64])]
  await expect(read(tinyAdapter({ tensors }))).resolves.toMatchObject({ path })
  const tied = { ...model, tensors: model.tensors.filter(({ name }) => name !== 'output.weight') }
  await expect(read(tinyAdapter({ tensors }), tied)).rejects.toThrow(/which are the output layer of this model too/)
})

test.each<[string, GgufToWrite, RegExp]>([
  ['a model', tinyModel(), /^adapter\.gguf is no LoRA adapter but a "model"; name an adapter$/],
  ['another kind of adapter', tinyAdapter({ metadata: adapterMetadata({ 'adapter.type': 'ia3' }) }), /type "ia3"/],
  [
    'an adapter for other models',
    tinyAdapter({ metadata: adapterMetadata({ 'general.architecture': 'qwen2' }) }),
    /is made for "qwen2" models, and this one is "llama"/,
  ],
  [
    'an adapter that waits for tokens',
    tinyAdapter({
      metadata: [...adapterMetadata(), ['adapter.alora.invocation_tokens', { type: 'array', of: 'u32', values: [1] }]],
    }),
    /act from certain tokens on/,
  ],
  [
    'a weight that is no number',
    tinyAdapter({ metadata: [...adapterMetadata().slice(0, 3), ['adapter.lora.alpha', { type: 'u32', value: 1 }]] }),
    /"adapter\.lora\.alpha" must be a number/,
  ],
  ['half a pair', tinyAdapter({ tensors: query().slice(1) }), /has only one of its two matrices/],
  [
    'a tensor that the model lacks',
    tinyAdapter({ tensors: loraPair('blk.9.attn_q.weight', { input: 64, output: 128 }) }),
    /"blk\.9\.attn_q\.weight", which the model lacks/,
  ],
  [
    'a matrix of another width',
    tinyAdapter({ tensors: loraPair('blk.0.attn_q.weight', { input: 32, output: 128 }) }),
    /in another shape than it has/,
  ],
  [
    'matrices of two ranks',
    tinyAdapter({
      tensors: [matrix('blk.0.attn_q.weight.lora_a', [64, 4]), matrix('blk.0.attn_q.weight.lora_b', [8, 128])],
    }),
    /in another shape than it has/,
  ],
  [
    'a change of something that is no matrix',
    tinyAdapter({ tensors: loraPair('output_norm.weight', { input: 64, output: 1 }) }),
    /in another shape than it has/,
  ],
  ['a trained norm', tinyAdapter({ tensors: [...query(), matrix('output_norm.weight', [64])] }), /no part of a LoRA/],
  [
    'whole numbers',
    tinyAdapter({ tensors: query().map(tensor => ({ ...tensor, typeId: 26 })) }),
    /of type I32; convert it again as F16/,
  ],
  ['no tensors', tinyAdapter({ tensors: [] }), /has no tensors/],
])('%s is refused', async (_, adapter, message) => {
  await expect(read(adapter)).rejects.toThrow(message)
})

test('an adapter that is cut short is refused', async () => {
  await writeFile(path, encodeGguf(tinyAdapter()).subarray(0, -200))
  await expect(readAdapter(path, model)).rejects.toThrow(/is cut short/)
})

test('a file that is not there is told as an adapter', async () => {
  const missing = readAdapter(join(folder, 'gone.gguf'), model)
  await expect(missing).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'gone.gguf does not exist; check the path of the LoRA adapter',
  })
})
