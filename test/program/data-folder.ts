import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { InstalledModels } from '../../src/catalog/installed.ts'
import { pullModel } from '../../src/services/pull-model.ts'
import { cacheFolder } from '../support/engine-package.ts'
import { temporaryFolder } from '../support/engine.ts'
import { writeTinyModel } from '../support/tiny-model.ts'
import type { TinyModelOptions } from '../support/tiny-model.ts'

export interface DataFolder {
  readonly path: string
  /** The variables that lead the program to this folder. */
  readonly environment: Readonly<Record<string, string>>
  /** The file of a model in it. */
  readonly modelFile: (model: string) => string
}

/** Makes a data folder with the engine that the tests share, and with tiny models by name. It is gone with the test. */
export async function dataFolderWith(models: Readonly<Record<string, TinyModelOptions>> = {}): Promise<DataFolder> {
  const { path, remove } = await temporaryFolder()
  onTestFinished(remove)
  await linkEngine(path)
  for (const [name, options] of Object.entries(models)) await addTinyModel(path, name, options)
  return {
    path,
    environment: { DUOLOGUE_DATA: path, DUOLOGUE_ENGINE_BUILD: 'cpu' },
    modelFile: model => join(path, 'models', model, 'model.gguf'),
  }
}

/** Puts the engine that the tests share into a data folder. */
export async function linkEngine(dataPath: string): Promise<void> {
  await symlink(join(cacheFolder, 'engine'), join(dataPath, 'engine'))
}

/** Writes a tiny model beside the data folder's models, and gives its path. */
export async function looseTinyModel(data: DataFolder, name: string, options: TinyModelOptions = {}): Promise<string> {
  return writeLoose(data.path, name, options)
}

/** Pulls a tiny model into a data folder, as a user would. */
export async function addTinyModel(dataPath: string, name: string, options: TinyModelOptions): Promise<void> {
  await pullModel(
    {
      reference: await writeLoose(dataPath, name, options),
      name,
      isForced: true,
      isAskedHere: true,
      signal: AbortSignal.timeout(60_000),
      report: () => {},
    },
    {
      models: new InstalledModels(dataPath),
      hub: { endpoint: 'http://127.0.0.1:1' },
      pip: { environment: {}, commands: [] },
      availableMemoryBytes: process.availableMemory(),
      now: () => new Date(),
    },
  )
}

async function writeLoose(dataPath: string, name: string, options: TinyModelOptions): Promise<string> {
  const folder = join(dataPath, 'files')
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${name}.gguf`)
  await writeTinyModel(path, options)
  return path
}
