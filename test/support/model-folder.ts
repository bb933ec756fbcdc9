import { join } from 'node:path'
import { beforeAll } from 'vitest'
import { addTinyModel } from '../program/data-folder.ts'
import { temporaryFolder } from './engine.ts'
import type { TinyModelOptions } from './tiny-model.ts'

/** A data folder with models that were pulled into it. */
export interface ModelFolder {
  readonly path: string
  /** The file of a model in it. */
  readonly fileOf: (model: string) => string
}

/** Pulls tiny models, by name, for all tests of a file; they are gone with the last one. */
export function useModelFolder(models: Readonly<Record<string, TinyModelOptions>>): ModelFolder {
  const folder = { path: '', fileOf: (model: string) => join(folder.path, 'models', model, 'model.gguf') }
  beforeAll(async () => {
    const { path, remove } = await temporaryFolder()
    folder.path = path
    for (const [name, options] of Object.entries(models)) await addTinyModel(path, name, options)
    return remove
  })
  return folder
}
