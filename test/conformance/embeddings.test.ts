import OpenAI from 'openai'
import { afterAll, expect, test } from 'vitest'
import { failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'

const served = await serveModels()
afterAll(() => served.close())

const client = openOpenAI(served.url)
const texts = ['The tide comes in.', 'The tide goes out.', 'A quite different matter']

/* Much of what is asked here is wrong on purpose. */
const embed = (more: Partial<Record<keyof OpenAI.EmbeddingCreateParams, unknown>>) => {
  const body: object = { model: 'vectors', input: texts, ...more }
  // oxlint-disable-next-line no-unsafe-type-assertion -- the client sends what it is given
  return client.embeddings.create(body as OpenAI.EmbeddingCreateParams)
}
const refusal = (more: object) => failureOf(embed(more), OpenAI.BadRequestError)

test('[V01] several texts give a list of vectors in their order', async () => {
  const { object, data, model, usage } = await embed({})
  expect({ object, model }).toEqual({ object: 'list', model: 'vectors' })
  expect(data.map(({ object, index }) => ({ object, index }))).toEqual(
    texts.map((_, index) => ({ object: 'embedding', index })),
  )
  for (const { embedding } of data) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5)
  expect(usage.prompt_tokens).toBeGreaterThan(texts.length)
  expect(usage.total_tokens).toBe(usage.prompt_tokens)
})

test('[V01] one text gives a list of one', async () => {
  const { data } = await embed({ input: texts[1] })
  expect(data).toHaveLength(1)
  expect(data[0]?.embedding).toEqual((await embed({})).data[1]?.embedding)
})

test('[V02] the numbers are the same as base64, which the client asks for by itself, and one by one', async () => {
  const [unasked, base64, numbers] = [
    await embed({}),
    await embed({ encoding_format: 'base64' }),
    await embed({ encoding_format: 'float' }),
  ]
  expect(unasked.data).toEqual(numbers.data)
  const written: unknown = base64.data[0]?.embedding
  const bytes = Buffer.from(String(written), 'base64')
  const read = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))
  expect(read).toEqual(numbers.data[0]?.embedding)
})

const wrong = [
  { param: 'input', code: 'missing_required_parameter', input: undefined },
  { param: 'input', input: '' },
  { param: 'input', input: [] },
  { param: 'input.1', input: ['a', ''] },
  { param: 'input.0', input: [1, 2, 3] },
  { param: 'input.0', input: [[1, 2, 3]] },
  { param: 'input.0', code: 'context_length_exceeded', input: ['tide '.repeat(2100)] },
  { param: 'model', model: 'tiny' },
  { param: 'dimensions', dimensions: 8 },
  { param: 'dimensions', dimensions: 0 },
  { param: 'encoding_format', encoding_format: 'int8' },
]

test.each(wrong)('[V03] what cannot be embedded is refused by its field: $param', async ({ param, code, ...more }) => {
  const error = await refusal(more)
  expect(error).toMatchObject({ status: 400, param, ...(code !== undefined && { code }) })
})

test('[V03] a model that makes embeddings is not asked for an answer', async () => {
  const asked = client.chat.completions.create({ model: 'vectors', messages: [{ role: 'user', content: 'Hello' }] })
  const error = await failureOf(asked, OpenAI.BadRequestError)
  expect(error).toMatchObject({ status: 400, param: 'model' })
})

test('[V03] a model that does not exist is told as such', async () => {
  expect(await failureOf(embed({ model: 'none' }), OpenAI.NotFoundError)).toMatchObject({ status: 404 })
})
