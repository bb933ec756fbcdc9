import type { GgufFile, GgufTensor } from '../../src/gguf/gguf-file.ts'

/** A model file as its header describes it, without the file. */
export interface Description {
  readonly layers: number
  readonly embeddingLength: number
  readonly feedForwardLength: number
  readonly heads: number
  readonly keyValueHeads: number
  readonly vocabularySize: number
  readonly layerBytes: number
  readonly embeddingBytes: number
  readonly outputBytes: number
}

/** Gives what reading a llama model's header gives. */
export function describeModel({ layers, embeddingBytes, outputBytes, ...more }: Description): GgufFile {
  const tensors = [
    tensor('token_embd.weight', embeddingBytes),
    ...Array.from({ length: layers }, (_, layer) => tensor(`blk.${layer}.ffn_up.weight`, more.layerBytes)),
    tensor('output.weight', outputBytes),
  ]
  return {
    path: '/models/described.gguf',
    sizeBytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    modifiedMs: 0,
    version: 3,
    metadata: new Map(),
    tensors,
    dataOffset: 0,
    parameters: 0,
    shape: {
      architecture: 'llama',
      layers,
      predictionLayers: 0,
      contextTokens: 131_072,
      embeddingLength: more.embeddingLength,
      feedForwardLength: more.feedForwardLength,
      heads: Array.from({ length: layers }, () => more.heads),
      keyValueHeads: Array.from({ length: layers }, () => more.keyValueHeads),
      keyLength: 128,
      valueLength: 128,
      experts: 0,
      expertsUsed: 0,
      expertLength: 0,
      recurrentStateLength: 0,
    },
    tokenizer: { model: 'gpt2', vocabularySize: more.vocabularySize },
  }
}

function tensor(name: string, bytes: number): GgufTensor {
  return { name, type: 'Q4_K', dimensions: [], offset: 0, bytes }
}

/** Llama 3.1 8B in Q4_K_M: 4.6 GiB. */
export const llama8b: GgufFile = describeModel({
  layers: 32,
  embeddingLength: 4096,
  feedForwardLength: 14_336,
  heads: 32,
  keyValueHeads: 8,
  vocabularySize: 128_256,
  layerBytes: 131_000_000,
  embeddingBytes: 295_000_000,
  outputBytes: 431_000_000,
})

/** Llama 3.3 70B in Q4_K_M: 39.6 GiB. */
export const llama70b: GgufFile = describeModel({
  layers: 80,
  embeddingLength: 8192,
  feedForwardLength: 28_672,
  heads: 64,
  keyValueHeads: 8,
  vocabularySize: 128_256,
  layerBytes: 513_000_000,
  embeddingBytes: 591_000_000,
  outputBytes: 862_000_000,
})
