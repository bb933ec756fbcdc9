import { writeFile } from 'node:fs/promises'
import { encodeGguf, float32Bytes } from './gguf-writer.ts'
import type { GgufToWrite, MetadataValue, TensorToWrite } from './gguf-writer.ts'

const embedding = 32
const feedForward = 64
const heads = 2
const layers = 2
const contextLength = 64
const [unknown, first, last] = [1, 2, 3]

/* A word's beginning has a mark in front, as converters write the word pieces of BERT's kind. */
const tokens = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  ...['the', 'tide', 'comes', 'goes', 'in', 'out', '.'].map(word => `▁${word}`),
  's',
  'ly',
]

/**
 * Writes a tiny model of BERT's kind: it sees a text as a whole, in both directions, has word pieces,
 * and its vector is that of the token that begins every text.
 */
export async function writeTinyEncoder(path: string): Promise<void> {
  await writeFile(path, encodeGguf({ metadata: metadataWith(2), tensors: tensors() }))
}

/** Writes the same model with weights that make a score of that vector, as rankers have them. */
export async function writeTinyRanker(path: string): Promise<void> {
  await writeFile(path, encodeGguf(tinyRanker()))
}

/** Gives what `writeTinyRanker` writes, for tests that change a part of it. */
export function tinyRanker(): GgufToWrite {
  return { metadata: metadataWith(4), tensors: [...tensors(), ...head()] }
}

const metadataWith = (poolingType: number): readonly (readonly [string, MetadataValue])[] => [
  ['general.architecture', { type: 'string', value: 'bert' }],
  ['general.name', { type: 'string', value: 'Tiny encoder' }],
  ['bert.block_count', u32(layers)],
  ['bert.context_length', u32(contextLength)],
  ['bert.embedding_length', u32(embedding)],
  ['bert.feed_forward_length', u32(feedForward)],
  ['bert.attention.head_count', u32(heads)],
  ['bert.attention.layer_norm_epsilon', { type: 'f32', value: 1e-12 }],
  ['bert.attention.causal', { type: 'bool', value: false }],
  ['bert.pooling_type', u32(poolingType)],
  ['tokenizer.ggml.model', { type: 'string', value: 'bert' }],
  ['tokenizer.ggml.pre', { type: 'string', value: 'jina-v2-en' }],
  ['tokenizer.ggml.token_type_count', u32(2)],
  ['tokenizer.ggml.tokens', { type: 'array', of: 'string', values: tokens }],
  ['tokenizer.ggml.token_type', { type: 'array', of: 'i32', values: tokens.map((_, token) => (token < 5 ? 3 : 1)) }],
  ['tokenizer.ggml.bos_token_id', u32(first)],
  ['tokenizer.ggml.eos_token_id', u32(last)],
  ['tokenizer.ggml.unknown_token_id', u32(unknown)],
  ['tokenizer.ggml.seperator_token_id', u32(last)],
  ['tokenizer.ggml.padding_token_id', u32(0)],
  ['tokenizer.ggml.mask_token_id', u32(4)],
]

function head(): readonly TensorToWrite[] {
  let angle = 0
  const weights = (name: string, dimensions: readonly number[], size: number): TensorToWrite =>
    tensor(name, dimensions, () => Math.sin((angle += 1)) * size)
  return [
    weights('cls.weight', [embedding, embedding], 0.5),
    weights('cls.bias', [embedding], 0),
    weights('cls.output.weight', [embedding, 1], 2),
    weights('cls.output.bias', [1], 0),
  ]
}

function tensors(): readonly TensorToWrite[] {
  let seed = 1
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 31 - 1
  }
  const weights = (name: string, dimensions: readonly number[]): TensorToWrite =>
    tensor(name, dimensions, () => random() / 2)
  const linear = (name: string, [input, output]: readonly [number, number]): readonly TensorToWrite[] => [
    weights(`${name}.weight`, [input, output]),
    tensor(`${name}.bias`, [output], () => 0),
  ]
  const norm = (name: string): readonly TensorToWrite[] => [
    tensor(`${name}.weight`, [embedding], () => 1),
    tensor(`${name}.bias`, [embedding], () => 0),
  ]
  const layer = (index: number): readonly TensorToWrite[] => [
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].flatMap(name =>
      linear(`blk.${index}.${name}`, [embedding, embedding]),
    ),
    ...norm(`blk.${index}.attn_output_norm`),
    ...linear(`blk.${index}.ffn_up`, [embedding, feedForward]),
    ...linear(`blk.${index}.ffn_down`, [feedForward, embedding]),
    ...norm(`blk.${index}.layer_output_norm`),
  ]
  return [
    weights('token_embd.weight', [embedding, tokens.length]),
    weights('token_types.weight', [embedding, 2]),
    weights('position_embd.weight', [embedding, contextLength]),
    ...norm('token_embd_norm'),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
  ]
}

function tensor(name: string, dimensions: readonly number[], value: () => number): TensorToWrite {
  const values = Float32Array.from({ length: dimensions.reduce((product, length) => product * length, 1) }, value)
  return { name, dimensions, typeId: 0, data: float32Bytes(values) }
}

function u32(value: number): MetadataValue {
  return { type: 'u32', value }
}
