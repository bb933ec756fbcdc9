import { randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { GgufFile, GgufValue } from '../src/gguf/gguf-file.ts'
import { readGguf, readGgufTexts } from '../src/gguf/read-gguf.ts'
import { encodeGguf, float32Bytes, u32, u64, valueTypes } from '../test/support/gguf-writer.ts'
import type { MetadataValue, TensorToWrite } from '../test/support/gguf-writer.ts'
import { starterModel } from '../test/support/starter-model.ts'

/*
 * Writes a model of the size of those that people run, with weights of chance and the starter model's words:
 *   node bench/write-model.ts OUT.gguf [--shape 1b]
 * It says nothing sensible, as fast as a trained one of its shape: speed does not depend on what weights are.
 */
const shapes = {
  '0.5b': { layers: 24, embedding: 896, heads: 14, keyValueHeads: 2, headLength: 64, feedForward: 4864 },
  '1b': { layers: 16, embedding: 2048, heads: 32, keyValueHeads: 8, headLength: 64, feedForward: 8192 },
  '3b': { layers: 28, embedding: 3072, heads: 24, keyValueHeads: 8, headLength: 128, feedForward: 8192 },
} as const

type Shape = (typeof shapes)[keyof typeof shapes]

const [f32, q8] = [0, 8]

const blockNumbers = 32
const blockBytes = 2 + blockNumbers

/* A prime number of blocks, so that no two rows of a matrix are the same. */
const differentBlocks = 4099

/* 0.0003 in half precision: what keeps the numbers between layers at their size. */
const scale = 0x0cea

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { shape: { type: 'string', default: '1b' } },
})
const [out] = positionals
const shape = Object.entries(shapes).find(([name]) => name === values.shape)?.[1]
if (out === undefined || !shape)
  throw new Error(`usage: write-model.ts OUT.gguf [--shape ${Object.keys(shapes).join('|')}]`)
const words = await readGguf(await starterModel())
await writeFile(
  out,
  encodeGguf({ metadata: [...shapeOf(shape), ...(await wordsOf(words))], tensors: tensors(shape, words) }),
)

function shapeOf({
  layers,
  embedding,
  heads,
  keyValueHeads,
  headLength,
  feedForward,
}: Shape): [string, MetadataValue][] {
  const numbers = {
    block_count: layers,
    context_length: 32_768,
    embedding_length: embedding,
    feed_forward_length: feedForward,
    'attention.head_count': heads,
    'attention.head_count_kv': keyValueHeads,
    'attention.key_length': headLength,
    'attention.value_length': headLength,
    'rope.dimension_count': headLength,
  }
  return [
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: `Chance ${values.shape}` }],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
    ['llama.rope.freq_base', { type: 'f32', value: 10_000 }],
    ...Object.entries(numbers).map(([key, value]): [string, MetadataValue] => [`llama.${key}`, { type: 'u32', value }]),
  ]
}

/** The tokenizer and the template of a model. */
async function wordsOf(file: GgufFile): Promise<[string, MetadataValue][]> {
  const found: [string, MetadataValue][] = []
  for (const [key, value] of file.metadata) {
    if (key.startsWith('tokenizer.')) found.push([key, await toWrite(file, { key, value })])
  }
  return found
}

async function toWrite(file: GgufFile, { key, value }: { key: string; value: GgufValue }): Promise<MetadataValue> {
  if (value.type === 'array') {
    if (value.of === 'string') return { type: 'array', of: 'string', values: await readGgufTexts(file, key) }
    const bytes = await readBytes(file.path, { offset: value.offset, length: value.length * 4 })
    return {
      type: 'raw',
      typeId: valueTypes.array,
      bytes: Buffer.concat([u32(valueTypes[value.of]), u64(BigInt(value.length)), bytes]),
    }
  }
  // oxlint-disable-next-line no-unsafe-type-assertion -- a value that was read has the type that it names
  return value as MetadataValue
}

async function readBytes(path: string, { offset, length }: { offset: number; length: number }): Promise<Uint8Array> {
  const file = await open(path)
  try {
    return (await file.read(new Uint8Array(length), 0, length, offset)).buffer
  } finally {
    await file.close()
  }
}

function tensors(shape: Shape, { tokenizer: { vocabularySize } }: GgufFile): readonly TensorToWrite[] {
  const { layers, embedding, heads, keyValueHeads, headLength, feedForward } = shape
  const weights = (name: string, input: number, output: number): TensorToWrite => ({
    name: `${name}.weight`,
    dimensions: [input, output],
    typeId: q8,
    data: chance((input * output) / blockNumbers),
  })
  const norm = (name: string): TensorToWrite => ({
    name: `${name}.weight`,
    dimensions: [embedding],
    typeId: f32,
    data: float32Bytes(new Float32Array(embedding).fill(1)),
  })
  const layer = (index: number): readonly TensorToWrite[] => [
    norm(`blk.${index}.attn_norm`),
    weights(`blk.${index}.attn_q`, embedding, heads * headLength),
    weights(`blk.${index}.attn_k`, embedding, keyValueHeads * headLength),
    weights(`blk.${index}.attn_v`, embedding, keyValueHeads * headLength),
    weights(`blk.${index}.attn_output`, heads * headLength, embedding),
    norm(`blk.${index}.ffn_norm`),
    weights(`blk.${index}.ffn_gate`, embedding, feedForward),
    weights(`blk.${index}.ffn_up`, embedding, feedForward),
    weights(`blk.${index}.ffn_down`, feedForward, embedding),
  ]
  const all = Array.from({ length: layers }, (_, index) => layer(index)).flat()
  return [weights('token_embd', embedding, vocabularySize), ...all, norm('output_norm')]
}

/** Blocks of Q8_0: a half-precision scale and 32 small numbers each. */
function chance(blocks: number): Uint8Array {
  const pattern = Buffer.from(randomBytes(differentBlocks * blockBytes))
  for (let block = 0; block < differentBlocks; block += 1) pattern.writeUInt16LE(scale, block * blockBytes)
  return Buffer.alloc(blocks * blockBytes, pattern)
}
