import { writeFile } from 'node:fs/promises'
import type { GgufToWrite, MetadataValue, TensorToWrite } from './gguf-writer.ts'
import { encodeGguf } from './gguf-writer.ts'
import { randomWeights } from './tiny-weights.ts'
import { byteTokens, tinyVocabulary } from './tiny-vocabulary.ts'

export interface TinyModelOptions {
  /** The longest context that the model claims to know. 2048 by default. */
  readonly contextLength?: number
  /** 2 by default. */
  readonly layers?: number
  /** Models of one seed are the same, byte for byte. 1 by default. */
  readonly seed?: number
  /** What the model says when it is left to itself: readable ASCII (the default), or any bytes, broken UTF-8 too. */
  readonly speaks?: 'ascii' | 'bytes'
  /** Whether it closes what is open before long, so that answers of a forced shape come to their end. */
  readonly isBrief?: boolean
  /** Replaces the ChatML template; `false` leaves the model without any. */
  readonly chatTemplate?: string | false
  readonly name?: string
  /** Makes it a model for embeddings: 1 takes the mean of its tokens' vectors, 3 the last one. */
  readonly pooling?: 1 | 3
  /** Whether its file names tokens to tell a gap with: those of the bytes 1, 2 and 3. */
  readonly fillsGaps?: boolean
  /** Whether it wants a token before every text. */
  readonly opensTexts?: boolean
}

/**
 * Writes a half-megabyte llama model of random weights, with a real byte-level tokenizer and a ChatML template.
 * Its greedy answers are nonsense that depends on the whole prompt, and practically never end by themselves.
 */
export async function writeTinyModel(path: string, options: TinyModelOptions = {}): Promise<void> {
  await writeFile(path, encodeGguf(tinyModel(options)))
}

/** Gives what `writeTinyModel` writes, for tests that change a part of it. */
export function tinyModel(options: TinyModelOptions = {}): GgufToWrite {
  return { metadata: tinyMetadata(options), tensors: tinyTensors(options) }
}

const embedding = 64
const feedForward = 128
const heads = 4
const keyValueHeads = 2
const headLength = 32

/** ChatML with a default system prompt, and with tools in the form that Hermes and Qwen models use. */
export const tinyChatTemplate = `
{%- set preface = 'You are a tiny model.' -%}
{%- set turns = messages -%}
{%- if messages and messages[0]['role'] == 'system' -%}
  {%- set preface = messages[0]['content'] -%}
  {%- set turns = messages[1:] -%}
{%- endif -%}
{{- '<|im_start|>system\\n' + preface -}}
{%- if tools -%}
  {{- '\\n\\n# Tools\\n<tools>' -}}
  {%- for tool in tools -%}{{- '\\n' + (tool | tojson) -}}{%- endfor -%}
  {{- '\\n</tools>\\nTo call one, write <tool_call>{"name": …, "arguments": …}</tool_call>.' -}}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- for message in turns -%}
  {%- if message['role'] == 'tool' -%}
    {{- '<|im_start|>user\\n<tool_response>\\n' + message['content'] + '\\n</tool_response><|im_end|>\\n' -}}
  {%- else -%}
    {{- '<|im_start|>' + message['role'] + '\\n' + (message['content'] or '') -}}
    {%- for call in message['tool_calls'] or [] -%}
      {{- '\\n<tool_call>\\n{"name": ' + (call['function']['name'] | tojson) + ', "arguments": ' -}}
      {{- call['function']['arguments'] if call['function']['arguments'] is string else call['function']['arguments'] | tojson -}}
      {{- '}\\n</tool_call>' -}}
    {%- endfor -%}
    {{- '<|im_end|>\\n' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
`.trim()

function tinyMetadata(options: TinyModelOptions): readonly (readonly [string, MetadataValue])[] {
  return [
    ['general.architecture', string('llama')],
    ['general.name', string(options.name ?? 'Tiny')],
    ['general.file_type', u32(0)],
    ['llama.block_count', u32(options.layers ?? 2)],
    ['llama.context_length', u32(options.contextLength ?? 2048)],
    ['llama.embedding_length', u32(embedding)],
    ['llama.feed_forward_length', u32(feedForward)],
    ['llama.attention.head_count', u32(heads)],
    ['llama.attention.head_count_kv', u32(keyValueHeads)],
    ['llama.attention.key_length', u32(headLength)],
    ['llama.attention.value_length', u32(headLength)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
    ['llama.rope.freq_base', { type: 'f32', value: 10_000 }],
    ['llama.rope.dimension_count', u32(headLength)],
    ['llama.vocab_size', u32(tinyVocabulary.tokens.length)],
    ...(options.pooling === undefined ? [] : [['llama.pooling_type', u32(options.pooling)] as const]),
    ...tinyTokenizer(options),
  ]
}

/** The tokenizer of a tiny model and its chat template, as its file tells them. */
export function tinyTokenizer(
  options: Pick<TinyModelOptions, 'fillsGaps' | 'opensTexts' | 'chatTemplate'>,
): readonly (readonly [string, MetadataValue])[] {
  const { tokens, merges, types } = tinyVocabulary
  const template = options.chatTemplate ?? tinyChatTemplate
  return [
    ['tokenizer.ggml.model', string('gpt2')],
    ['tokenizer.ggml.pre', string('smollm')],
    ...(options.fillsGaps ? gapTokens() : []),
    ['tokenizer.ggml.tokens', { type: 'array', of: 'string', values: tokens }],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'i32', values: types }],
    ['tokenizer.ggml.merges', { type: 'array', of: 'string', values: merges }],
    ['tokenizer.ggml.bos_token_id', u32(tokens.indexOf('<|im_start|>'))],
    ['tokenizer.ggml.eos_token_id', u32(tokens.indexOf('<|im_end|>'))],
    ['tokenizer.ggml.unknown_token_id', u32(tokens.indexOf('<|endoftext|>'))],
    ['tokenizer.ggml.padding_token_id', u32(tokens.indexOf('<|im_end|>'))],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: options.opensTexts ?? false }],
    ['tokenizer.ggml.add_space_prefix', { type: 'bool', value: false }],
    ...(template === false ? [] : [['tokenizer.chat_template', string(template)] as const]),
  ]
}

function gapTokens(): readonly (readonly [string, MetadataValue])[] {
  return ['fim_pre', 'fim_suf', 'fim_mid'].map((name, index) => [
    `tokenizer.ggml.${name}_token_id`,
    u32(tinyVocabulary.tokens.indexOf(byteTokens[index + 1] ?? '')),
  ])
}

function tinyTensors(options: TinyModelOptions): readonly TensorToWrite[] {
  const { weights, filled } = randomWeights(options.seed ?? 1)
  const vocabulary = tinyVocabulary.tokens.length
  const inner = (...shape: Parameters<typeof weights>) =>
    options.isBrief ? withoutFirst(weights(...shape)) : weights(...shape)
  const norm = (name: string) => filled(name, [embedding], 1)
  // Sharper queries make attention pick, not average.
  const layer = (index: number): readonly TensorToWrite[] => [
    norm(`blk.${index}.attn_norm.weight`),
    weights(`blk.${index}.attn_q.weight`, [embedding, heads * headLength], 2),
    weights(`blk.${index}.attn_k.weight`, [embedding, keyValueHeads * headLength], 2),
    weights(`blk.${index}.attn_v.weight`, [embedding, keyValueHeads * headLength], 1),
    inner(`blk.${index}.attn_output.weight`, [heads * headLength, embedding], 2),
    norm(`blk.${index}.ffn_norm.weight`),
    weights(`blk.${index}.ffn_gate.weight`, [embedding, feedForward], 1),
    weights(`blk.${index}.ffn_up.weight`, [embedding, feedForward], 1),
    inner(`blk.${index}.ffn_down.weight`, [feedForward, embedding], 2),
  ]
  const words = weights('token_embd.weight', [embedding, vocabulary], Math.sqrt(embedding))
  const output = quiet(weights('output.weight', [embedding, vocabulary], 3), options.speaks ?? 'ascii')
  return [
    options.isBrief ? withFirst(words, () => steady) : words,
    ...Array.from({ length: options.layers ?? 2 }, (_, index) => layer(index)).flat(),
    norm('output_norm.weight'),
    options.isBrief ? withFirst(output, token => (closing.has(token) ? eagerness : 0)) : output,
  ]
}

/** Zeroes the output rows of the tokens that the model must not choose: a logit of zero never wins. */
export function quiet(output: TensorToWrite, speaks: 'ascii' | 'bytes'): TensorToWrite {
  const data = Uint8Array.from(output.data)
  const rowBytes = embedding * 4
  for (const [index, token] of tinyVocabulary.tokens.entries()) {
    const byte = byteTokens.indexOf(token)
    const isSpecial = tinyVocabulary.types[index] !== 1
    const isReadable = byte === -1 || byte === 10 || (byte >= 32 && byte < 127)
    if (isSpecial || (speaks === 'ascii' && !isReadable)) data.fill(0, index * rowBytes, (index + 1) * rowBytes)
  }
  return { ...output, data }
}

/* A number that no layer changes is the same at every place, and weighs tokens as a bias would. */
const steady = 4
const eagerness = 6
const closing: ReadonlySet<string> = new Set(['"', '}', ']', ','])

/** Replaces the first number of each token's row. */
function withFirst(rows: TensorToWrite, numberOf: (token: string) => number): TensorToWrite {
  const data = Uint8Array.from(rows.data)
  const view = new DataView(data.buffer)
  for (const [index, token] of tinyVocabulary.tokens.entries()) {
    view.setFloat32(index * embedding * 4, numberOf(token), true)
  }
  return { ...rows, data }
}

/** Has a layer leave the first number of what goes through it as it is. */
function withoutFirst(layer: TensorToWrite): TensorToWrite {
  const data = Uint8Array.from(layer.data)
  return { ...layer, data: data.fill(0, 0, Number(layer.dimensions[0] ?? 0) * 4) }
}

function string(value: string): MetadataValue {
  return { type: 'string', value }
}

function u32(value: number): MetadataValue {
  return { type: 'u32', value }
}
