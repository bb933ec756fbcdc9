import type { GgufFile, GgufTensor } from './gguf-file.ts'

/** How keys and values are stored: in 16 bits a number, or in blocks of 32 with about 8 or 4 bits each. */
export type CacheType = 'f16' | 'q8_0' | 'q4_0'

/** How a model is to be run. `contextTokens` is what each slot gets. */
export interface MemoryWish {
  readonly contextTokens: number
  readonly slots: number
  /** The most tokens in one step; 512 by default. */
  readonly batchTokens?: number
  /** `f16` by default. */
  readonly cacheType?: CacheType
  /** Whether attention is computed piece by piece; it is by default. */
  readonly hasFlashAttention?: boolean
  /** How many earlier states of its recurrent layers each slot keeps; none by default. */
  readonly checkpoints?: number
  /** What adapters add to the weights; nothing by default. */
  readonly adapterBytes?: number
}

/** The memory that a model needs where all of it lies in one place, in bytes. */
export interface MemoryEstimate {
  readonly weightsBytes: number
  readonly kvBytes: number
  readonly computeBytes: number
  /** What of the last the process itself takes, which lies in main memory wherever the model does. */
  readonly processBytes: number
  readonly totalBytes: number
}

/**
 * Estimates the memory of an engine process that runs a model, rather too high than too low:
 *
 * - weights: the tensors' sizes, and the token embeddings once more where they double as the output layer, because the
 *   engine repacks that copy. Adapters lie beside them. The mapped file is not counted beside its repacked copy: its pages may be dropped.
 * - keys and values: for each layer, slot and token, `kvHeads × (keyLength + valueLength)` numbers, as llama.cpp
 *   allocates them when the slots do not share a pool; contexts are rounded up to 256 tokens. Sliding windows are
 *   counted as whole contexts. Recurrent layers add their state for each slot and for each checkpoint of it.
 * - compute: for each token of a batch its logits, the widest activations, and a mask over the context; the logits
 *   that are read; the vocabulary's tables at 1 KiB a token; 64 MiB for the process itself. Without flash attention,
 *   what each head makes of each token of the context besides.
 */
export function estimateMemory(file: GgufFile, wish: MemoryWish): MemoryEstimate {
  const weightsBytes = weights(file) + (wish.adapterBytes ?? 0)
  const kvBytes = keysAndValues(file, wish)
  const processBytes = processOf(file, wish)
  const computeBytes = stepOf(file, wish) + processBytes
  return { weightsBytes, kvBytes, computeBytes, processBytes, totalBytes: weightsBytes + kvBytes + computeBytes }
}

/** How large what a slot holds is. */
export interface StateSize {
  /** However many tokens it holds. */
  readonly bytes: number
  readonly bytesPerToken: number
}

/** Tells how much keys, values and states of one slot take, with whole contexts for sliding windows. */
export function stateSize({ shape, tensors }: GgufFile, cacheType: CacheType = 'f16'): StateSize {
  const heads = shape.keyValueHeads.reduce((sum, count) => sum + count, 0)
  const numbers = heads * (shape.keyLength + shape.valueLength)
  return {
    bytes: shape.recurrentStateLength * layersWithStates(tensors) * 4,
    bytesPerToken: (numbers * cacheBlockBytes[cacheType]) / 32,
  }
}

/** Writes a size as people read it: `41.2 GiB`, `310 MiB`. */
export function size(bytes: number): string {
  const gibibytes = bytes / 2 ** 30
  return gibibytes >= 1 ? `${gibibytes.toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`
}

// Bytes for each block of 32 numbers.
const cacheBlockBytes: Readonly<Record<CacheType, number>> = { f16: 64, q8_0: 34, q4_0: 18 }

function weights(file: GgufFile): number {
  const stored = file.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0)
  return file.tensors.some(tensor => tensor.name === 'output.weight') ? stored : stored + embeddingBytes(file)
}

/** The size of the vectors that tokens become. */
export function embeddingBytes({ tensors }: GgufFile): number {
  return tensors.find(tensor => tensor.name === 'token_embd.weight')?.bytes ?? 0
}

function keysAndValues(file: GgufFile, { contextTokens, slots, cacheType, checkpoints = 0 }: MemoryWish): number {
  const cells = Math.ceil(contextTokens / 256) * 256
  const { bytes, bytesPerToken } = stateSize(file, cacheType)
  return slots * (Math.ceil(bytesPerToken * cells) + bytes * (1 + checkpoints))
}

/* Which layers are recurrent is told in a different way by each architecture; their weights have names of their own. */
const stateTensor = /^blk\.(\d+)\.(?:ssm_|shortconv\.|time_mix_)/

function layersWithStates(tensors: readonly GgufTensor[]): number {
  return new Set(tensors.map(({ name }) => stateTensor.exec(name)?.[1]).filter(layer => layer !== undefined)).size
}

/** What the computation of one step takes. */
function stepOf({ shape, tokenizer }: GgufFile, wish: MemoryWish): number {
  const { batchTokens = 512, hasFlashAttention = true } = wish
  const cells = Math.ceil(wish.contextTokens / 256) * 256
  const feedForward = Math.max(shape.feedForwardLength, shape.expertLength * shape.expertsUsed)
  const queries = Math.max(...shape.heads) * shape.keyLength
  const activations = tokenizer.vocabularySize + 4 * shape.embeddingLength + 2 * feedForward + 2 * queries
  // The mask is kept twice: in 4 bytes a cell, and in the 2 bytes that flash attention reads.
  const mask = 6 * cells
  const scores = hasFlashAttention ? 0 : 4 * Math.max(...shape.heads) * cells
  return batchTokens * (4 * activations + mask + scores)
}

function processOf({ tokenizer }: GgufFile, { slots }: MemoryWish): number {
  const logits = slots * tokenizer.vocabularySize * 4
  return logits + tokenizer.vocabularySize * 1024 + 64 * 2 ** 20
}
