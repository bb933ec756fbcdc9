import { ModelError } from '../core/errors.ts'
import type { GgufFile, GgufTensor } from './gguf-file.ts'
import { HeaderReader } from './header-reader.ts'
import { MetadataValues } from './metadata-values.ts'
import { withModelFile } from './open-model-file.ts'
import { readPreamble } from './read-preamble.ts'
import { readTensors } from './read-tensors.ts'
import { damaged, quoted, refusal } from './refusal.ts'

/** A LoRA adapter that was read and fits its model. */
export interface AdapterFile {
  readonly path: string
  /** What its tensors take. */
  readonly bytes: number
}

/**
 * Reads the header of a LoRA adapter and checks all that native code would trust, and that it was made for the model.
 * Throws a `ModelError` that names the file, what is wrong with it and what to do.
 */
export async function readAdapter(path: string, model: GgufFile): Promise<AdapterFile> {
  return withModelFile(path, async ({ file, sizeBytes }) => {
    const reader = new HeaderReader(file, { path, sizeBytes })
    const { tensorCount, metadata } = await readPreamble(reader)
    requireLora(new MetadataValues(path, metadata), model)
    const { tensors } = await readTensors(reader, { count: tensorCount, metadata })
    for (const [name, pair] of pairsOf(path, tensors)) requireFitting(path, { name, pair, model })
    return { path, bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0) }
  }).catch(asAdapter)
}

/* The advice for a model that is missing is to pull it again. */
function asAdapter(error: unknown): never {
  if (!(error instanceof ModelError) || error.kind !== 'not-found') throw error
  const message = error.message.replace(/ does not exist;.*/, ' does not exist; check the path of the LoRA adapter')
  throw new ModelError('unavailable', message, { cause: error })
}

function requireLora(values: MetadataValues, { shape }: GgufFile): void {
  const { path } = values
  const kind = values.text('general.type')
  if (kind !== 'adapter') throw refusal(path, `is no LoRA adapter but a ${quoted(kind ?? 'model')}; name an adapter`)
  const type = values.text('adapter.type')
  if (type !== 'lora') throw refusal(path, `is an adapter of the type ${quoted(type ?? 'none')}; only lora is known`)
  const made = values.text('general.architecture') ?? 'none'
  if (made !== shape.architecture) {
    throw refusal(path, `is made for ${quoted(made)} models, and this one is ${quoted(shape.architecture)}`)
  }
  if (values.has('adapter.alora.invocation_tokens')) {
    throw refusal(path, 'is an adapter that is to act from certain tokens on, which the engine cannot do')
  }
  values.requirePositive('adapter.lora.alpha')
}

/** The two matrices whose product is added to one of the model's. */
interface Pair {
  a?: GgufTensor
  b?: GgufTensor
}

const ending = /^(?<name>.+)\.lora_(?<side>[ab])$/

function pairsOf(path: string, tensors: readonly GgufTensor[]): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>()
  for (const tensor of tensors) {
    const { name = '', side } = ending.exec(tensor.name)?.groups ?? {}
    // Native code leaves out the norms that an adapter may hold; what is left is not what was trained.
    if (side === undefined || name.includes('.lora_')) {
      throw refusal(path, `holds the tensor ${quoted(tensor.name)}, which is no part of a LoRA that the engine can use`)
    }
    const pair = pairs.get(name) ?? {}
    pair[side === 'a' ? 'a' : 'b'] = tensor
    pairs.set(name, pair)
  }
  return pairs
}

/* What adapters are published in; native code has no kernels for all others in this place. */
const usableTypes: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16', 'Q8_0'])

interface Named {
  readonly name: string
  readonly pair: Pair
  readonly model: GgufFile
}

/** Refuses a pair that native code would multiply beyond its bounds, or end the process over. */
function requireFitting(path: string, { name, pair: { a, b }, model }: Named): void {
  const target = model.tensors.find(tensor => tensor.name === name)
  if (!target) throw refusal(path, `changes the tensor ${quoted(name)}, which the model lacks; it is for another model`)
  if (!a || !b) throw damaged(path, `the tensor ${quoted(name)} has only one of its two matrices`)
  const odd = [a, b].find(({ type }) => !usableTypes.has(type))
  if (odd) throw refusal(path, `has the tensor ${quoted(odd.name)} of type ${odd.type}; convert it again as F16`)
  const isEmbedding = name === 'token_embd.weight'
  if (isEmbedding && !model.tensors.some(tensor => tensor.name === 'output.weight')) {
    throw refusal(
      path,
      'changes the embeddings, which are the output layer of this model too; the engine cannot do that',
    )
  }
  if (!(isEmbedding ? fitsEmbedding : fitsMatrix)({ a, b, target })) {
    throw refusal(path, `changes the tensor ${quoted(name)} in another shape than it has; it is for another model`)
  }
}

interface Fitting {
  readonly a: GgufTensor
  readonly b: GgufTensor
  readonly target: GgufTensor
}

function fitsMatrix({ a, b, target }: Fitting): boolean {
  const [input, output, experts = 1, ...more] = target.dimensions
  return (
    more.length === 0 &&
    isShaped(a, [input, b.dimensions[0], experts]) &&
    isShaped(b, [a.dimensions[1], output, experts])
  )
}

/* Rows of `a` are picked by tokens, not multiplied: there both lie with the rank first. */
function fitsEmbedding({ a, b, target }: Fitting): boolean {
  const [width, tokens] = target.dimensions
  return isShaped(a, [b.dimensions[0], tokens, 1]) && isShaped(b, [a.dimensions[0], width, 1])
}

function isShaped({ dimensions }: GgufTensor, wanted: readonly (number | undefined)[]): boolean {
  return (
    dimensions.length >= 2 &&
    dimensions.length <= wanted.length &&
    wanted.every((length, index) => length !== undefined && (dimensions[index] ?? 1) === length)
  )
}
