import type { GgufTensor, ModelShape, ModelTokenizer } from './gguf-file.ts'
import type { MetadataValues } from './metadata-values.ts'
import { damaged, grouped, quoted, refusal } from './refusal.ts'

/** Reads what a model's tokenizer is, and refuses lists and ids that do not fit its vocabulary. */
export function readTokenizer(values: MetadataValues): ModelTokenizer {
  const model = values.text('tokenizer.ggml.model')
  if (model === undefined || model === 'none' || model === 'no_vocab') {
    throw refusal(values.path, 'has no tokenizer, so it cannot read text; choose a model that comes with one')
  }
  const tokens = values.list('tokenizer.ggml.tokens', ['string'])
  if (!tokens || tokens.length === 0) throw damaged(values.path, 'its vocabulary is missing or empty')
  const vocabularySize = tokens.length
  requireAsLong(values, ['tokenizer.ggml.scores', 'f32', 'i32'], vocabularySize)
  requireAsLong(values, ['tokenizer.ggml.token_type', 'i32'], vocabularySize)
  values.list('tokenizer.ggml.merges', ['string'])
  values.list('tokenizer.ggml.precompiled_charsmap', ['u8', 'i8'])
  values.list('tokenizer.ggml.suppress_tokens', ['i32'])

  const pre = values.text('tokenizer.ggml.pre')
  const bosTokenId = values.integer('tokenizer.ggml.bos_token_id', [0, vocabularySize - 1])
  const eosTokenId = values.integer('tokenizer.ggml.eos_token_id', [0, vocabularySize - 1])
  const addsBos = values.flag('tokenizer.ggml.add_bos_token')
  return {
    model,
    vocabularySize,
    ...(pre !== undefined && { pre }),
    ...(bosTokenId !== undefined && { bosTokenId }),
    ...(eosTokenId !== undefined && { eosTokenId }),
    ...(addsBos !== undefined && { addsBos }),
  }
}

/** Refuses weights whose sizes are not those that the metadata tells. */
export function requireFittingTensors(
  path: string,
  tensors: readonly GgufTensor[],
  { shape, vocabularySize }: { shape: ModelShape; vocabularySize: number },
): void {
  const embedding = tensors.find(tensor => tensor.name === 'token_embd.weight')
  if (!embedding) {
    throw refusal(path, 'holds no token embeddings, so it is no model of its own; download the model itself')
  }
  requireDimensions(path, embedding, [shape.embeddingLength, vocabularySize])
  const norm = tensors.find(tensor => tensor.name === 'output_norm.weight')
  if (norm) requireDimensions(path, norm, [shape.embeddingLength])
  requireUse(path, tensors, [/^blk\.\d+\.attn_q\.weight$/, 'heads', Math.max(...shape.heads)])
  requireUse(path, tensors, [
    /^blk\.\d+\.attn_k\.weight$/,
    'heads for keys and values',
    Math.max(...shape.keyValueHeads),
  ])
  requireUse(path, tensors, [/^blk\.\d+\.ffn_up\.weight$/, 'feed-forward length', shape.feedForwardLength])
  requireEveryLayer(path, tensors, shape)
  requireHead(path, tensors, shape)
}

/** Native code ends the process over weights whose size in the metadata is zero. */
function requireUse(
  path: string,
  tensors: readonly GgufTensor[],
  [name, what, told]: readonly [name: RegExp, what: string, told: number],
): void {
  const tensor = told === 0 ? tensors.find(tensor => name.test(tensor.name)) : undefined
  if (tensor) throw damaged(path, `the metadata tells no ${what}, and there is the tensor ${quoted(tensor.name)}`)
}

/* Without these, native code would take the first number of a vector for a score. */
function requireHead(path: string, tensors: readonly GgufTensor[], { pooling }: ModelShape): void {
  if (pooling !== 'rank' || tensors.some(({ name }) => name === 'cls.weight' || name === 'cls.output.weight')) return
  throw refusal(
    path,
    'is made to rank texts and holds no weights to score them with; download another conversion of it',
  )
}

function requireEveryLayer(path: string, tensors: readonly GgufTensor[], shape: ModelShape): void {
  const present = new Set<number>()
  for (const { name } of tensors) {
    const layer = /^blk\.(\d+)\./.exec(name)?.[1]
    if (layer === undefined) continue
    present.add(Number(layer))
    if (Number(layer) < shape.layers) continue
    throw damaged(
      path,
      `the tensor ${quoted(name)} belongs to a layer that the model of ${shape.layers} layers has not`,
    )
  }
  // Deci models have layers that do nothing and so have no weights.
  if (shape.architecture === 'deci') return
  const due = Array.from({ length: shape.layers - shape.predictionLayers }, (_, layer) => layer)
  const first = due.find(layer => !present.has(layer))
  if (first !== undefined) throw damaged(path, `layer ${first} of its ${shape.layers} layers has no weights`)
}

function requireAsLong(
  values: MetadataValues,
  [key, ...types]: readonly [key: string, ...types: ('f32' | 'i32')[]],
  length: number,
): void {
  const list = values.list(key, types)
  if (!list || list.length >= length) return
  const lengths = `${grouped(list.length)} elements for ${grouped(length)} tokens`
  throw damaged(values.path, `${quoted(key)} has ${lengths}`)
}

function requireDimensions(path: string, tensor: GgufTensor, expected: readonly number[]): void {
  const isExpected =
    tensor.dimensions.every((length, index) => length === (expected[index] ?? 1)) &&
    tensor.dimensions.length >= expected.length
  if (isExpected) return
  const [is, due] = [tensor.dimensions, expected].map(lengths => lengths.map(grouped).join(' × '))
  throw damaged(path, `the tensor ${quoted(tensor.name)} is ${is}, where the metadata says ${due}`)
}
