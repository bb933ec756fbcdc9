import { basename, resolve } from 'node:path'
import { ModelError } from '../core/errors.ts'
import type { GgufFile } from '../gguf/gguf-file.ts'
import { readAdapter } from '../gguf/read-adapter.ts'

/** A LoRA adapter that a model is run with, and how much of it is added. */
export interface Adapter {
  readonly path: string
  readonly scale: number
}

/** Checks a model's adapters; gives the memory that they take. Throws a `ModelError` that names the file. */
export async function measureAdapters(model: GgufFile, adapters: readonly Adapter[]): Promise<number> {
  const paths = adapters.map(({ path }) => resolve(path))
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  // The engine would take the first one's scale for both.
  if (twice !== undefined)
    throw cannot(`the LoRA adapter ${basename(twice)} is given twice; give it once, with its scale`)
  if (paths.length > 0 && model.shape.pooling !== undefined) {
    throw cannot('it makes embeddings, and only models that write answers are run with LoRA adapters')
  }
  let bytes = 0
  for (const path of paths) bytes += (await readAdapter(path, model)).bytes
  return bytes
}

function cannot(message: string): ModelError {
  return new ModelError('unavailable', message)
}
