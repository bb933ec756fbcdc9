import { writeFile } from 'node:fs/promises'
import { encodeGguf } from './gguf-writer.ts'
import type { GgufToWrite, MetadataValue, TensorToWrite } from './gguf-writer.ts'
import { quiet, tinyTokenizer } from './tiny-model.ts'
import { tinyVocabulary } from './tiny-vocabulary.ts'
import { randomWeights } from './tiny-weights.ts'
import type { TinyWeights } from './tiny-weights.ts'

/**
 * Kinds of models that remember otherwise than plain ones: through windows, in states that have no earlier places,
 * or in both; and models with experts.
 */
export type TinyFamily = keyof typeof families

/** A family's own part of a file. */
interface Family {
  readonly metadata: readonly (readonly [key: string, value: MetadataValue])[]
  readonly tensors: (layer: number, write: TinyWeights) => readonly TensorToWrite[]
  /** `output_norm` by default. */
  readonly outputNorm?: string
}

const embedding = 64
const feedForward = 64
const layers = 2
const heads = 4
const keyValueHeads = 2
const headLength = 32
const experts = 4

/** How far the layers with windows look back. Prompts of tests are several times as long. */
export const tinyWindow = 48

/** All of the families. */
export const tinyFamilies: readonly TinyFamily[] = [
  'gemma3',
  'gpt-oss',
  'qwen3moe',
  'mamba2',
  'falcon-h1',
  'lfm2',
  'qwen35',
]

/** Writes a model of random weights of one family, with the vocabulary and the template of the tiny model. */
export async function writeTinyFamily(path: string, family: TinyFamily): Promise<void> {
  await writeFile(path, encodeGguf(tinyFamily(family)))
}

/** Gives what `writeTinyFamily` writes. */
export function tinyFamily(architecture: TinyFamily): GgufToWrite {
  const { metadata, tensors, outputNorm = 'output_norm' }: Family = families[architecture]
  const write = randomWeights(1)
  const vocabulary = tinyVocabulary.tokens.length
  return {
    metadata: [
      ['general.architecture', { type: 'string', value: architecture }],
      ['general.name', { type: 'string', value: `Tiny ${architecture}` }],
      ...[...shape, ...metadata].map(([key, value]) => [`${architecture}.${key}`, value] as const),
      ...tinyTokenizer({}),
    ],
    tensors: [
      write.weights('token_embd.weight', [embedding, vocabulary], Math.sqrt(embedding)),
      ...Array.from({ length: layers }, (_, layer) => tensors(layer, named(write, layer))).flat(),
      write.filled(`${outputNorm}.weight`, [embedding], 1),
      quiet(write.weights('output.weight', [embedding, vocabulary], 3), 'ascii'),
    ],
  }
}

const shape: Family['metadata'] = [
  ['block_count', u32(layers)],
  ['context_length', u32(32_768)],
  ['embedding_length', u32(embedding)],
  ['vocab_size', u32(tinyVocabulary.tokens.length)],
  ['attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
  ['rope.freq_base', { type: 'f32', value: 10_000 }],
]

const attention: Family['metadata'] = [
  ['attention.head_count', u32(heads)],
  ['attention.head_count_kv', u32(keyValueHeads)],
  ['attention.key_length', u32(headLength)],
  ['attention.value_length', u32(headLength)],
  ['rope.dimension_count', u32(headLength)],
]

const dense: Family['metadata'] = [['feed_forward_length', u32(feedForward)]]

const windows: Family['metadata'] = [
  ['attention.sliding_window', u32(tinyWindow)],
  ['attention.sliding_window_pattern', u32(2)],
]

const mixture: Family['metadata'] = [
  ['feed_forward_length', u32(feedForward)],
  ['expert_count', u32(experts)],
  ['expert_used_count', u32(2)],
  ['expert_feed_forward_length', u32(feedForward)],
]

/* Eight heads of 16 numbers, each with a state of 16 numbers for each of them. */
const stateSpace = { kernel: 4, inner: 128, state: 16, heads: 8 }

const stateSpaceKeys: Family['metadata'] = [
  ['ssm.conv_kernel', u32(stateSpace.kernel)],
  ['ssm.inner_size', u32(stateSpace.inner)],
  ['ssm.state_size', u32(stateSpace.state)],
  ['ssm.time_step_rank', u32(stateSpace.heads)],
  ['ssm.group_count', u32(1)],
]

/* Two heads of keys for four of values, with 16 numbers each. */
const deltaNet = { kernel: 4, state: 16, keyHeads: 2, valueHeads: 4 }

const shortKernel = 3

const families = {
  // Windows in every second layer.
  gemma3: {
    metadata: [...attention, ...dense, ...windows],
    tensors: (_: number, { weights, filled }: TinyWeights) => [
      ...attend({ weights, filled }),
      ...normedHeads({ filled }),
      filled('post_attention_norm.weight', [embedding], 1),
      ...feed({ weights, filled }),
      filled('post_ffw_norm.weight', [embedding], 1),
    ],
  },
  // Windows in every second layer, sinks and experts.
  'gpt-oss': {
    metadata: [...attention, ...mixture, ...windows],
    tensors: (_: number, { weights, filled }: TinyWeights) => [
      ...attend({ weights, filled }),
      weights('attn_output.bias', [embedding], 1),
      weights('attn_sinks.weight', [heads], 1),
      filled('post_attention_norm.weight', [embedding], 1),
      ...choose({ weights }),
      weights('ffn_gate_inp.bias', [experts], 1),
      weights('ffn_gate_exps.bias', [feedForward, experts], 1),
      weights('ffn_up_exps.bias', [feedForward, experts], 1),
      weights('ffn_down_exps.bias', [embedding, experts], 1),
    ],
  },
  // Experts.
  qwen3moe: {
    metadata: [...attention, ...mixture],
    tensors: (_: number, { weights, filled }: TinyWeights) => [
      ...attend({ weights, filled }),
      ...normedHeads({ filled }),
      filled('ffn_norm.weight', [embedding], 1),
      ...choose({ weights }),
    ],
  },
  // States alone.
  mamba2: {
    metadata: stateSpaceKeys,
    tensors: (_: number, { weights, filled }: TinyWeights) => [
      filled('attn_norm.weight', [embedding], 1),
      ...scan({ weights, filled }),
    ],
  },
  // Keys and values and a state in every layer.
  'falcon-h1': {
    metadata: [...attention, ...dense, ...stateSpaceKeys],
    tensors: (_: number, { weights, filled }: TinyWeights) => [
      ...attend({ weights, filled }),
      ...scan({ weights, filled }),
      ...feed({ weights, filled }).map(each => ({ ...each, name: each.name.replace('ffn_norm.weight', 'ffn_norm') })),
    ],
  },
  // Short convolutions, and keys and values in every second layer.
  lfm2: {
    metadata: [
      ...attention.filter(([key]) => !key.startsWith('attention.head_count')),
      ['attention.head_count', u32(embedding / headLength)],
      ['attention.head_count_kv', { type: 'array', of: 'i32', values: [0, 1] }],
      ['shortconv.l_cache', u32(shortKernel)],
      ...dense,
    ],
    outputNorm: 'token_embd_norm',
    tensors: (layer: number, { weights, filled }: TinyWeights) => [
      ...(layer % 2 === 0
        ? [
            filled('attn_norm.weight', [embedding], 1),
            weights('shortconv.conv.weight', [shortKernel, embedding], 2),
            weights('shortconv.in_proj.weight', [embedding, 3 * embedding], 2),
            weights('shortconv.out_proj.weight', [embedding, embedding], 2),
          ]
        : [...attend({ weights, filled }, { queries: embedding, keys: headLength }), ...normedHeads({ filled })]),
      ...feed({ weights, filled }),
    ],
  },
  // Gated delta nets, and keys and values in every second layer.
  qwen35: {
    metadata: [
      ...attention,
      ...dense,
      ['rope.dimension_sections', { type: 'array', of: 'i32', values: [6, 5, 5, 0] }],
      ['full_attention_interval', u32(2)],
      ['ssm.conv_kernel', u32(deltaNet.kernel)],
      ['ssm.inner_size', u32(deltaNet.state * deltaNet.valueHeads)],
      ['ssm.state_size', u32(deltaNet.state)],
      ['ssm.time_step_rank', u32(deltaNet.valueHeads)],
      ['ssm.group_count', u32(deltaNet.keyHeads)],
    ],
    tensors: (layer: number, { weights, filled }: TinyWeights) => [
      ...(layer % 2 === 0
        ? gatedDelta({ weights, filled })
        : [...attend({ weights, filled }, { queries: 2 * heads * headLength }), ...normedHeads({ filled })]),
      ...feed({ weights, filled }).map(each => ({
        ...each,
        name: each.name.replace('ffn_norm', 'post_attention_norm'),
      })),
    ],
  },
} satisfies Readonly<Record<string, Family>>

function attend(
  { weights, filled }: TinyWeights,
  { queries = heads * headLength, keys = keyValueHeads * headLength } = {},
): readonly TensorToWrite[] {
  const attended = keys === headLength ? embedding : heads * headLength
  return [
    filled('attn_norm.weight', [embedding], 1),
    weights('attn_q.weight', [embedding, queries], 2),
    weights('attn_k.weight', [embedding, keys], 2),
    weights('attn_v.weight', [embedding, keys], 1),
    weights('attn_output.weight', [attended, embedding], 2),
  ]
}

/* A gain of 3 makes attention pick, not average. */
function normedHeads({ filled }: Pick<TinyWeights, 'filled'>): readonly TensorToWrite[] {
  return [filled('attn_q_norm.weight', [headLength], 3), filled('attn_k_norm.weight', [headLength], 1)]
}

function feed({ weights, filled }: TinyWeights): readonly TensorToWrite[] {
  return [
    filled('ffn_norm.weight', [embedding], 1),
    weights('ffn_gate.weight', [embedding, feedForward], 1),
    weights('ffn_up.weight', [embedding, feedForward], 1),
    weights('ffn_down.weight', [feedForward, embedding], 2),
  ]
}

function choose({ weights }: Pick<TinyWeights, 'weights'>): readonly TensorToWrite[] {
  return [
    weights('ffn_gate_inp.weight', [embedding, experts], 1),
    weights('ffn_gate_exps.weight', [embedding, feedForward, experts], 1),
    weights('ffn_up_exps.weight', [embedding, feedForward, experts], 1),
    weights('ffn_down_exps.weight', [feedForward, embedding, experts], 2),
  ]
}

/* A state that decays slowly, so that what was read long ago still counts. */
function scan({ weights, filled }: TinyWeights): readonly TensorToWrite[] {
  const { kernel, inner, state, heads: scanned } = stateSpace
  const convolved = inner + 2 * state
  return [
    weights('ssm_in.weight', [embedding, inner + convolved + scanned], 1),
    weights('ssm_conv1d.weight', [kernel, convolved], 2),
    filled('ssm_conv1d.bias', [convolved], 0),
    filled('ssm_dt.bias', [scanned], -2),
    filled('ssm_a', [1, scanned], -0.1),
    filled('ssm_d', [1, scanned], 0),
    filled('ssm_norm.weight', [inner, 1], 1),
    weights('ssm_out.weight', [inner, embedding], 2),
  ]
}

function gatedDelta({ weights, filled }: TinyWeights): readonly TensorToWrite[] {
  const { kernel, state, keyHeads, valueHeads } = deltaNet
  const values = state * valueHeads
  const convolved = 2 * state * keyHeads + values
  return [
    filled('attn_norm.weight', [embedding], 1),
    weights('attn_qkv.weight', [embedding, convolved], 2),
    weights('attn_gate.weight', [embedding, values], 1),
    weights('ssm_conv1d.weight', [kernel, convolved], 2),
    filled('ssm_dt.bias', [valueHeads], -2),
    filled('ssm_a', [valueHeads], -0.1),
    weights('ssm_beta.weight', [embedding, valueHeads], 1),
    weights('ssm_alpha.weight', [embedding, valueHeads], 1),
    filled('ssm_norm.weight', [state], 1),
    weights('ssm_out.weight', [values, embedding], 2),
  ]
}

/** Names tensors as those of one layer. */
function named({ weights, filled }: TinyWeights, layer: number): TinyWeights {
  return {
    weights: (name, dimensions, gain) => weights(`blk.${layer}.${name}`, dimensions, gain),
    filled: (name, dimensions, value) => filled(`blk.${layer}.${name}`, dimensions, value),
  }
}

function u32(value: number): MetadataValue {
  return { type: 'u32', value }
}
