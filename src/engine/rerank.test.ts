import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askFor, openEngine, temporaryFolder } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { encodeGguf } from '../../test/support/gguf-writer.ts'
import { tinyRanker, writeTinyEncoder, writeTinyRanker } from '../../test/support/tiny-encoder.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { collect } from '../core/collect.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: TestEngine

beforeAll(async () => {
  folder = await temporaryFolder()
  const pathOf = (name: string): string => join(folder.path, `${name}.gguf`)
  const files = {
    ranker: pathOf('ranker'),
    templated: pathOf('templated'),
    headless: pathOf('headless'),
    encoder: pathOf('encoder'),
    tiny: pathOf('tiny'),
  }
  const ranker = tinyRanker()
  const template = { type: 'string', value: '[CLS]{document}[SEP]{query}[SEP]' } as const
  await Promise.all([
    writeTinyRanker(files.ranker),
    writeFile(
      files.templated,
      encodeGguf({ ...ranker, metadata: [...ranker.metadata, ['tokenizer.chat_template.rerank', template]] }),
    ),
    writeFile(
      files.headless,
      encodeGguf({ ...ranker, tensors: ranker.tensors.filter(({ name }) => !name.startsWith('cls.')) }),
    ),
    writeTinyEncoder(files.encoder),
    writeTinyModel(files.tiny),
  ])
  model = openEngine(files)
})

afterAll(async () => {
  await model.engine.close()
  await folder.remove()
})

const never = new AbortController().signal
const rank = (query: string, documents: readonly string[], more: object = {}) =>
  model.engine.rerank({ model: 'ranker', query, documents, ...more }, never)
const documents = ['the tide comes in.', 'the tide goes out.', 'tides', 'in out in out']

test('each document has a score of its own, in their order, and the same one alone', async () => {
  const { scores } = await rank('the tide', documents)
  expect(scores).toHaveLength(4)
  for (const score of scores) expect(score > 0 && score < 1).toBe(true)
  expect(new Set(scores).size).toBe(4)
  for (const [index, document] of documents.entries())
    expect((await rank('the tide', [document])).scores).toEqual([scores[index]])
})

test('the score depends on the query, and on which of the two texts it is', async () => {
  const [score] = (await rank('tide', ['out'])).scores
  expect((await rank('goes', ['out'])).scores[0]).not.toBe(score)
  expect((await rank('out', ['tide'])).scores[0]).not.toBe(score)
})

test('query and document are counted together, with the tokens around them', async () => {
  // [CLS] tide [SEP] goes out [SEP]
  expect((await rank('tide', ['goes out'])).inputTokens).toBe(6)
  expect((await rank('tide', ['goes out', 'in'])).inputTokens).toBe(11)
})

test('a model with a template of its own is asked with it', async () => {
  const own = await rank('tide', ['goes out'], { model: 'templated' })
  expect(own).toEqual(await rank('goes out', ['tide']))
})

test('what clients write is never read as a control token, around a template neither', async () => {
  const { inputTokens } = await rank('[SEP]', ['[CLS]'])
  expect(inputTokens).toBeGreaterThan(5)
  expect((await rank('[SEP]', ['[CLS]'], { model: 'templated' })).inputTokens).toBe(inputTokens)
})

test('requests that come together each get their own', async () => {
  const queries = ['tide', 'goes', 'in', 'out', 'comes', 'the tide']
  const together = await Promise.all(queries.map(query => rank(query, documents)))
  for (const [index, query] of queries.entries()) expect(together[index]).toEqual(await rank(query, documents))
})

test('a document that does not fit beside its query is refused by its place', async () => {
  await expect(rank('tide', ['in', 'tide '.repeat(80)])).rejects.toMatchObject({
    kind: 'invalid-request',
    code: 'context-length-exceeded',
    field: ['documents', 1],
    message: expect.stringMatching(/^documents\.1: the text with its query is too long: \d+ tokens > 64 maximum$/),
  })
  await expect(rank('tide '.repeat(80), ['in'])).rejects.toMatchObject({ code: 'context-length-exceeded' })
  await expect(rank('x'.repeat(262_144), ['日'.repeat(262_144)])).rejects.toMatchObject({
    code: 'context-length-exceeded',
  })
})

test('each kind of model does what it is made for, and is refused for the rest', async () => {
  const refusal = { kind: 'invalid-request', field: ['model'] }
  for (const other of ['tiny', 'encoder'])
    await expect(rank('tide', ['in'], { model: other })).rejects.toMatchObject(refusal)
  await expect(model.engine.embed({ model: 'ranker', texts: ['tide'] }, never)).rejects.toMatchObject(refusal)
  await expect(collect(model.engine.stream(askFor('tide', { model: 'ranker' }), never))).rejects.toMatchObject(refusal)
  const completing = model.engine.complete({ model: 'ranker', prompt: 'tide' }, never)
  await expect(collect(completing)).rejects.toMatchObject(refusal)
  await expect(model.engine.countTokens(askFor('tide', { model: 'ranker' }), never)).rejects.toMatchObject(refusal)
})

test('a ranker without the weights that make a score is refused', async () => {
  await expect(rank('tide', ['in'], { model: 'headless' })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('no weights to score them with'),
  })
})

test('a client that leaves stops its ranking, and others go on', async () => {
  const leaving = new AbortController()
  const many = Array.from({ length: 1000 }, () => 'the tide comes in.')
  const asked = model.engine.rerank({ model: 'ranker', query: 'tide', documents: many }, leaving.signal)
  await delay(20)
  leaving.abort()
  await expect(asked).rejects.toMatchObject({ kind: 'aborted' })
  expect((await rank('tide', ['in'])).scores).toHaveLength(1)
  const busy = model.engine.status().find(status => status.model === 'ranker')
  expect(busy).toMatchObject({ answering: 0, waiting: 0 })
})

test('texts with which the process ended twice are not tried a third time', async () => {
  const many = Array.from({ length: 1024 }, (_, index) => `the tide goes out ${index}`)
  for (let death = 0; death < 2; death += 1) {
    await rank('tide', ['in'])
    const asked = rank('deadly', many)
    await delay(50)
    process.kill(model.processOf('ranker'), 'SIGKILL')
    await expect(asked).rejects.toMatchObject({ kind: 'unavailable' })
  }
  await expect(rank('deadly', many)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('it is not run again'),
  })
  expect((await rank('harmless', ['in'])).scores).toHaveLength(1)
})
