import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askFor, openEngine, temporaryFolder } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { writeTinyEncoder } from '../../test/support/tiny-encoder.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: TestEngine

beforeAll(async () => {
  folder = await temporaryFolder()
  const pathOf = (name: string): string => join(folder.path, `${name}.gguf`)
  const files = { tiny: pathOf('tiny'), mean: pathOf('mean'), last: pathOf('last'), encoder: pathOf('encoder') }
  await Promise.all([
    writeTinyModel(files.tiny),
    writeTinyEncoder(files.encoder),
    writeTinyModel(files.mean, { pooling: 1, contextLength: 256 }),
    writeTinyModel(files.last, { pooling: 3 }),
  ])
  model = openEngine(files)
})

afterAll(async () => {
  await model.engine.close()
  await folder.remove()
})

const never = new AbortController().signal
const embed = (texts: readonly string[], more: object = {}) =>
  model.engine.embed({ model: 'mean', texts, ...more }, never)
const vectorOf = async (text: string, more: object = {}): Promise<readonly number[]> =>
  Array.from((await embed([text], more)).vectors[0] ?? [])
const product = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0)

test('a text is a vector of length one, and the same text the same vector', async () => {
  const vector = await vectorOf('Hello there')
  expect(vector).toHaveLength(64)
  expect(product(vector, vector)).toBeCloseTo(1, 5)
  expect(await vectorOf('Hello there')).toEqual(vector)
  expect(product(vector, await vectorOf('Something else entirely'))).toBeLessThan(0.99)
})

test('vectors come in the order of the texts, each as it would alone', async () => {
  const texts = ['one', 'two and more', 'three', 'one']
  const { vectors } = await embed(texts)
  for (const [index, text] of texts.entries()) expect(Array.from(vectors[index] ?? [])).toEqual(await vectorOf(text))
})

test('the tokens of all texts are counted', async () => {
  const [one, two] = [await embed(['Hello']), await embed(['Hello there, all of you'])]
  expect(one.inputTokens).toBeGreaterThan(0)
  expect((await embed(['Hello', 'Hello there, all of you'])).inputTokens).toBe(one.inputTokens + two.inputTokens)
})

test('a model pools as its file says', async () => {
  const ofLast = await vectorOf('Hello there', { model: 'last' })
  expect(product(ofLast, ofLast)).toBeCloseTo(1, 5)
  expect(product(ofLast, await vectorOf('Hello there'))).toBeLessThan(0.99)
})

test('requests that come together each get their own', async () => {
  const texts = Array.from({ length: 12 }, (_, index) => `Passage ${index} of twelve`)
  const together = await Promise.all(texts.map(text => vectorOf(text)))
  for (const [index, text] of texts.entries()) expect(together[index]).toEqual(await vectorOf(text))
})

test('text that looks like a control token is text', async () => {
  const { inputTokens } = await embed(['<|im_end|>'])
  expect(inputTokens).toBeGreaterThan(1)
})

test('a text that does not fit is refused by its place, and nothing is computed', async () => {
  const refused = embed(['short', 'word '.repeat(400)])
  await expect(refused).rejects.toMatchObject({
    kind: 'invalid-request',
    code: 'context-length-exceeded',
    field: ['input', 1],
    message: expect.stringMatching(/^input\.1: the text is too long: \d+ tokens > 256 maximum$/),
  })
})

test.each([
  { text: 'a'.repeat(262_144) },
  { text: 'tide '.repeat(52_000) },
  { text: '日😀'.repeat(80_000) },
  { text: '<|im_end|>'.repeat(26_000) },
])('a text of any length and kind is counted and refused', async ({ text }) => {
  await expect(embed([text])).rejects.toMatchObject({ code: 'context-length-exceeded' })
})

test('a text that just fits is taken', async () => {
  const { inputTokens: most } = await embed(['!'.repeat(256)])
  expect(most).toBe(256)
  await expect(embed(['!'.repeat(257)])).rejects.toMatchObject({ code: 'context-length-exceeded' })
})

test('vectors are as long as they are, and no shorter ones are promised', async () => {
  expect((await embed(['Hello'], { dimensions: 64 })).vectors[0]).toHaveLength(64)
  await expect(embed(['Hello'], { dimensions: 32 })).rejects.toMatchObject({
    kind: 'invalid-request',
    field: ['dimensions'],
    message: expect.stringContaining('64'),
  })
})

test('a model that writes answers makes no embeddings, and the other way round', async () => {
  const refusal = { kind: 'invalid-request', field: ['model'] }
  await expect(embed(['Hello'], { model: 'tiny' })).rejects.toMatchObject(refusal)
  await expect(model.ask('Hello', { model: 'mean' })).rejects.toMatchObject(refusal)
  await expect(model.engine.countTokens(askFor('Hello', { model: 'mean' }), never)).rejects.toMatchObject(refusal)
})

test('a client that leaves takes its work along', async () => {
  const leaving = new AbortController()
  const texts = Array.from({ length: 2000 }, (_, index) => `${index} `.repeat(40))
  const left = model.engine.embed({ model: 'mean', texts }, leaving.signal)
  await vectorOf('Hello')
  leaving.abort()
  await expect(left).rejects.toMatchObject({ kind: 'aborted' })
  expect(await vectorOf('Hello')).toHaveLength(64)
  expect(model.engine.status().find(status => status.model === 'mean')).toMatchObject({ requests: 0, answering: 0 })
})

test('an encoder sees a text as a whole, between the tokens that begin and end it', async () => {
  const more = { model: 'encoder' }
  const { inputTokens, vectors } = await embed(['the tide comes in .', 'tides'], more)
  expect(inputTokens).toBe(7 + 4)
  expect(vectors.map(({ length }) => length)).toEqual([32, 32])
  const [inwards, outwards] = [await vectorOf('the tide comes in .', more), await vectorOf('the tide goes out .', more)]
  expect(product(inwards, inwards)).toBeCloseTo(1, 5)
  expect(product(inwards, outwards)).toBeLessThan(0.999)
  expect(Array.from(vectors[0] ?? [])).toEqual(inwards)
})

test('an encoder reads as far as it has positions, and no further', async () => {
  const words = (count: number): string => Array<string>(count).fill('tide').join(' ')
  expect((await embed([words(62)], { model: 'encoder' })).inputTokens).toBe(64)
  await expect(embed([words(63)], { model: 'encoder' })).rejects.toMatchObject({ code: 'context-length-exceeded' })
})

test('a request whose process is killed fails, and the next one is answered', async () => {
  const texts = Array.from({ length: 2000 }, (_, index) => `${index} `.repeat(40))
  const lost = embed(texts)
  await vectorOf('Hello')
  process.kill(model.processOf('mean'), 'SIGKILL')
  await expect(lost).rejects.toMatchObject({ kind: 'unavailable' })
  expect(await vectorOf('Hello')).toHaveLength(64)
})
