import type { ModelShape } from './gguf-file.ts'
import { limits } from './limits.ts'
import type { MetadataValues } from './metadata-values.ts'
import { damaged, quoted } from './refusal.ts'

/** Reads the numbers that make a model what it is, and refuses those that contradict one another. */
export function readShape(values: MetadataValues): ModelShape {
  const architecture = required(values, 'general.architecture', values.text('general.architecture'))
  if (!/^[a-z0-9_.-]{1,64}$/i.test(architecture)) {
    throw damaged(values.path, `its architecture ${quoted(architecture)} is no name`)
  }
  const number = (key: string, least: number, most: number = limits.width) =>
    values.integer(`${architecture}.${key}`, [least, most])
  const needed = (key: string, most?: number) => required(values, `${architecture}.${key}`, number(key, 1, most))

  values.requirePositive(`${architecture}.attention.layer_norm_rms_epsilon`)
  values.requirePositive(`${architecture}.attention.layer_norm_epsilon`)
  const layers = needed('block_count', limits.layers)
  const embeddingLength = needed('embedding_length')
  const attention = readAttention(values, { architecture, layers, embeddingLength })
  const pooling = poolings[number('pooling_type', -1) ?? 0]
  const feedForwardLength = widest(values, { key: `${architecture}.feed_forward_length`, layers })
  const expertLength = widest(values, { key: `${architecture}.expert_feed_forward_length`, layers })
  const slidingWindowTokens = number('attention.sliding_window', 0, limits.contextTokens)
  return {
    architecture,
    layers,
    predictionLayers: number('nextn_predict_layers', 0, layers) ?? 0,
    contextTokens: needed('context_length', limits.contextTokens),
    embeddingLength,
    feedForwardLength,
    expertLength: expertLength > 0 ? expertLength : feedForwardLength,
    ...attention,
    ...readExperts(values, { architecture, layers }),
    ...(slidingWindowTokens !== undefined && slidingWindowTokens > 0 && { slidingWindowTokens }),
    ...(pooling !== undefined && { pooling }),
    recurrentStateLength: readRecurrentStateLength(values, { architecture, layers, embeddingLength }),
  }
}

/* llama.cpp's `llama_pooling_type`: none, three ways to make one vector, and one to make a score of it. */
const poolings = [undefined, 'mean', 'cls', 'last', 'rank'] as const

const width = [0, limits.width] as const

function widest(values: MetadataValues, { key, layers }: { key: string; layers: number }): number {
  return Math.max(0, ...(values.perLayer(key, layers, width) ?? []))
}

interface Model {
  readonly architecture: string
  readonly layers: number
  readonly embeddingLength: number
}

function readAttention(
  values: MetadataValues,
  { architecture, layers, embeddingLength }: Model,
): Pick<ModelShape, 'heads' | 'keyValueHeads' | 'keyLength' | 'valueLength'> {
  const key = (name: string) => `${architecture}.attention.${name}`
  const heads = values.perLayer(key('head_count'), layers, width) ?? Array<number>(layers).fill(0)
  const told = values.perLayer(key('head_count_kv'), layers, width) ?? heads
  for (const [layer, count] of told.entries()) {
    const queries = heads[layer] ?? 0
    if (count > 0 && queries % count !== 0) {
      throw damaged(values.path, `layer ${layer} has ${queries} heads for ${count} key and value heads`)
    }
  }
  const mostHeads = Math.max(...heads)
  const usual = mostHeads > 0 ? Math.floor(embeddingLength / mostHeads) : 0
  return {
    heads,
    keyValueHeads: withoutLinearLayers(
      told,
      values.integer(`${architecture}.full_attention_interval`, [1, limits.layers]),
    ),
    keyLength: longest(values, [key('key_length'), key('key_length_swa')]) ?? usual,
    valueLength: longest(values, [key('value_length'), key('value_length_swa')]) ?? usual,
  }
}

/** In models that mix two kinds of attention, only every n-th layer has keys and values to keep. */
function withoutLinearLayers(heads: readonly number[], interval: number | undefined): readonly number[] {
  if (interval === undefined) return heads
  return heads.map((count, layer) => ((layer + 1) % interval === 0 ? count : 0))
}

function longest(values: MetadataValues, keys: readonly string[]): number | undefined {
  const lengths = keys.map(key => values.integer(key, [1, limits.width])).filter(length => length !== undefined)
  return lengths.length > 0 ? Math.max(...lengths) : undefined
}

function readExperts(
  values: MetadataValues,
  { architecture, layers }: Pick<Model, 'architecture' | 'layers'>,
): Pick<ModelShape, 'experts' | 'expertsUsed'> {
  const experts = values.integer(`${architecture}.expert_count`, [0, limits.experts]) ?? 0
  const used = values.perLayer(`${architecture}.expert_used_count`, layers, [0, limits.experts]) ?? [0]
  const expertsUsed = Math.max(...used)
  if (expertsUsed > experts || (experts > 0 && expertsUsed === 0)) {
    throw damaged(values.path, `it uses ${expertsUsed} of ${experts} experts`)
  }
  return { experts, expertsUsed }
}

/** Adds up what state-space, delta, RWKV and short-convolution layers keep, as llama.cpp's `n_embd_r` and `n_embd_s` do. */
function readRecurrentStateLength(values: MetadataValues, { architecture, layers, embeddingLength }: Model): number {
  const number = (key: string) => values.integer(`${architecture}.${key}`, width) ?? 0
  const inner = number('ssm.inner_size')
  const state = number('ssm.state_size')
  const convolution = Math.max(0, number('ssm.conv_kernel') - 1) * (inner + 2 * number('ssm.group_count') * state)
  const shift = number('token_shift_count') * embeddingLength + number('wkv.head_size') * embeddingLength
  const short = Math.max(0, number('shortconv.l_cache') - 1) * embeddingLength
  const heads = values.perLayer(`${architecture}.attention.head_count`, layers, width) ?? []
  const delta = number('kda.head_dim')
  const deltas = Math.max(0, ...heads) * (delta * delta + 3 * Math.max(0, number('ssm.conv_kernel') - 1) * delta)
  return convolution + inner * state + shift + short + deltas
}

function required<T>(values: MetadataValues, key: string, value: T | undefined): T {
  if (value === undefined) throw damaged(values.path, `its metadata lacks ${quoted(key)}`)
  return value
}
