import { writeFile } from 'node:fs/promises'
import type { GgufToWrite, MetadataValue, TensorToWrite } from './gguf-writer.ts'
import { encodeGguf, float32Bytes } from './gguf-writer.ts'

export interface TinyAdapterOptions {
  /** How much each of the two matrices of rank 4 weighs. 1 by default. */
  readonly strength?: number
  readonly metadata?: GgufToWrite['metadata']
  readonly tensors?: readonly TensorToWrite[]
}

/** Writes a LoRA adapter for the tiny model: it changes what the first layer's queries and the output say. */
export async function writeTinyAdapter(path: string, options: TinyAdapterOptions = {}): Promise<void> {
  await writeFile(path, encodeGguf(tinyAdapter(options)))
}

/** Gives what `writeTinyAdapter` writes, for tests that change a part of it. */
export function tinyAdapter({ strength = 1, metadata, tensors }: TinyAdapterOptions = {}): GgufToWrite {
  return {
    metadata: metadata ?? adapterMetadata(),
    tensors: tensors ?? [
      ...loraPair('blk.0.attn_q.weight', { input: 64, output: 128, strength }),
      ...loraPair('blk.1.ffn_down.weight', { input: 128, output: 64, strength }),
    ],
  }
}

/** The metadata of an adapter, with some of its texts replaced. */
export function adapterMetadata(texts: Readonly<Record<string, string>> = {}): GgufToWrite['metadata'] {
  const said = { 'general.type': 'adapter', 'general.architecture': 'llama', 'adapter.type': 'lora', ...texts }
  return [
    ...Object.entries(said).map(([key, value]): readonly [string, MetadataValue] => [key, { type: 'string', value }]),
    ['adapter.lora.alpha', { type: 'f32', value: rank }],
  ]
}

const rank = 4

/** The two matrices that change one of the model's. */
export function loraPair(
  name: string,
  { input, output, strength = 1 }: { input: number; output: number; strength?: number },
): readonly [a: TensorToWrite, b: TensorToWrite] {
  return [matrix(`${name}.lora_a`, [input, rank], strength), matrix(`${name}.lora_b`, [rank, output], strength)]
}

/** A matrix of numbers that go up and down. */
export function matrix(name: string, dimensions: readonly number[], strength = 1): TensorToWrite {
  const length = dimensions.reduce((product, dimension) => product * dimension, 1)
  const values = Float32Array.from({ length }, (_, index) => Math.sin(index * 1.7 + name.length) * strength)
  return { name, dimensions, typeId: 0, data: float32Bytes(values) }
}
