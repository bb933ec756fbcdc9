import { float32Bytes } from './gguf-writer.ts'
import type { TensorToWrite } from './gguf-writer.ts'

/** Makes the tensors of models that are told by a seed. */
export interface TinyWeights {
  /** Random numbers; the inputs of a matrix are normalised, so a gain of 1 keeps their size. */
  weights(name: string, dimensions: readonly number[], gain: number): TensorToWrite
  filled(name: string, dimensions: readonly number[], value: number): TensorToWrite
}

/** Gives weights that are the same for the same seed, drawn in the order in which they are asked for. */
export function randomWeights(seed: number): TinyWeights {
  const gaussian = gaussianNumbers(seed)
  return {
    weights: (name, dimensions, gain) => {
      const spread = Math.sqrt(dimensions[0] ?? 1)
      return tensor(name, dimensions, () => (gaussian() * gain) / spread)
    },
    filled: (name, dimensions, value) => tensor(name, dimensions, () => value),
  }
}

function tensor(name: string, dimensions: readonly number[], next: () => number): TensorToWrite {
  const length = dimensions.reduce((product, dimension) => product * dimension, 1)
  return { name, dimensions, typeId: 0, data: float32Bytes(Float32Array.from({ length }, next)) }
}

/** Normally distributed numbers from a seed: a 32-bit mixing generator under the Box–Muller transform. */
function gaussianNumbers(seed: number): () => number {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}
