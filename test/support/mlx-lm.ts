import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { mlxPackages, mlxVersion } from '../../src/catalog/mlx-packages.ts'
import { makePythonEnvironment } from '../../src/catalog/python-environment.ts'
import { cacheFolder } from './engine-package.ts'

/** The folder in which the tests keep the real MLX server, set up once as a user would have it. */
export const mlxFolder: string = join(cacheFolder, 'engines', `mlx-lm-${mlxVersion}`)

/** Sets the MLX server up where it is not there, and gives the folder of its programs. */
export async function setUpMlx(): Promise<string> {
  return makePythonEnvironment({
    folder: mlxFolder,
    packages: mlxPackages(process.platform),
    settings: { environment: process.env },
    signal: AbortSignal.timeout(280_000),
    onStep: () => {},
  })
}

/** Writes a tiny model of random weights as MLX reads it: its shape, its letters, its numbers. */
export async function writeTinyMlxModel(programs: string, folder: string): Promise<void> {
  const script = join(import.meta.dirname, 'write-tiny-mlx-model.py')
  await promisify(execFile)(join(programs, 'python'), [script, folder])
}
