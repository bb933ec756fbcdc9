import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { createPlaceOpener } from './archive-places.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
})

afterAll(() => folder.remove())

test('after a process hung with a file, the disk is left alone for ten minutes', async () => {
  const modelPath = join(folder.path, 'model.gguf')
  await writeFile(modelPath, 'weights')
  const key = { modelPath, packageDirectory: '', cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  let nowMs = 0
  const places = createPlaceOpener(
    { dataDirectory: folder.path, memoryDirectory: join(folder.path, 'memory') },
    () => nowMs,
  )
  expect(Object.keys(await places.open(key))).toEqual(['memory', 'disk'])
  places.noteStuck()
  nowMs = 599_999
  expect(Object.keys(await places.open(key))).toEqual(['memory'])
  nowMs = 600_000
  expect(Object.keys(await places.open(key))).toEqual(['memory', 'disk'])
})
