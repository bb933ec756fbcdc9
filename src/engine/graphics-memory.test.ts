import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../../test/support/engine.ts'
import { openPool } from '../../test/support/open-pool.ts'
import type { TestPool } from '../../test/support/open-pool.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { placeModel } from '../gguf/placement.ts'
import { readGguf } from '../gguf/read-gguf.ts'

/*
 * The memory of a graphics processor is a figure here: the processes compute with the main processor, whatever is
 * planned for them.
 */
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let opened: TestPool
/** What one model takes there that writes one answer at once. */
let oneModel: number

beforeAll(async () => {
  folder = await temporaryFolder()
  for (const model of ['one', 'two']) await writeTinyModel(join(folder.path, `${model}.gguf`))
  const wish = { slots: 1, contextTokens: 2048, batchTokens: 64 }
  const file = await readGguf(join(folder.path, 'one.gguf'))
  oneModel = placeModel(file, wish, { graphicsBytes: 2 ** 40 }).graphicsBytes
})

afterEach(() => opened.pool.close())

afterAll(() => folder.remove())

const use = (model: string) => opened.pool.use(model, new AbortController().signal)
const layers = (): readonly (readonly [string, number | undefined])[] =>
  opened.pool.status().map(({ model, plan }) => [model, plan?.graphics?.layers])

test('an idle model makes way for another one on the graphics processor', async () => {
  opened = openPool(folder.path, { graphicsBytes: 2 * oneModel - 1, preferences: { slots: 1 } })
  const lease = await use('one')
  expect(layers()).toEqual([['one', 3]])
  lease.release()
  await use('two')
  expect(layers()).toEqual([['two', 3]])
  expect(opened.news.filter(({ type }) => type === 'unloaded')).toEqual([
    { type: 'unloaded', model: 'one', why: 'room' },
  ])
})

test('beside a model that is busy there, another one takes what is left of it', async () => {
  opened = openPool(folder.path, { graphicsBytes: 2 * oneModel - 1, preferences: { slots: 1 } })
  await use('one')
  await use('two')
  expect(layers()).toEqual([
    ['one', 3],
    ['two', 2],
  ])
})
