import { join } from 'node:path'
import { provisionEngine } from '../../src/engine/provision.ts'

/** What tests fetch once and keep: the engine and the starter model. Not the user's own folders. */
export const cacheFolder: string = join(import.meta.dirname, '..', '..', '.cache')

/** Gives the real engine, installed once for all tests. */
export async function provisionForTests(): Promise<string> {
  const { packageDirectory } = await provisionEngine({
    directory: join(cacheFolder, 'engine'),
    platform: process.platform,
    arch: process.arch,
    environment: process.env,
    build: 'cpu',
  })
  return packageDirectory
}
