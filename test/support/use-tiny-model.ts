import { join } from 'node:path'
import { beforeAll } from 'vitest'
import { temporaryFolder } from './engine.ts'
import { writeTinyModel } from './tiny-model.ts'

/** Writes a tiny model for all tests of a file or a group; it is gone with the last one. */
export function useTinyModel(): { readonly folder: string; readonly tiny: string } {
  const place = { folder: '', tiny: '' }
  beforeAll(async () => {
    const { path, remove } = await temporaryFolder()
    Object.assign(place, { folder: path, tiny: join(path, 'tiny.gguf') })
    await writeTinyModel(place.tiny)
    return remove
  })
  return place
}
