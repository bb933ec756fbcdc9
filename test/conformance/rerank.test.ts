import OpenAI from 'openai'
import { afterAll, expect, test } from 'vitest'
import { failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'

const served = await serveModels()
afterAll(() => served.close())

const client = openOpenAI(served.url)
const documents = ['the tide comes in.', 'the tide goes out.', 'tides', 'in out in out']

interface Ranked {
  readonly object: string
  readonly model: string
  readonly results: readonly {
    readonly index: number
    readonly relevance_score: number
    readonly document?: { readonly text: string }
  }[]
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number }
}

/* The client has no method of its own for rankings. */
const rank = (more: object = {}): Promise<Ranked> =>
  client.post<Ranked>('/rerank', { body: { model: 'ranks', query: 'the tide', documents, ...more } })

test('[K01] documents are ranked, the best first', async () => {
  const { object, model, results, usage } = await rank()
  expect({ object, model }).toEqual({ object: 'list', model: 'ranks' })
  expect(results.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
  const scores = results.map(result => result.relevance_score)
  expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  expect(results.every(result => !('document' in result))).toBe(true)
  for (const { index, relevance_score: score } of results) {
    const alone = await rank({ documents: [documents[index]] })
    expect(alone.results).toEqual([{ index: 0, relevance_score: score }])
  }
  expect(usage.prompt_tokens).toBeGreaterThan(documents.length)
  expect(usage.total_tokens).toBe(usage.prompt_tokens)
})

test('[K01] only so many results are told, and their documents where asked', async () => {
  const all = await rank()
  const best = await rank({ top_n: 2, return_documents: true })
  expect(best.results).toEqual(
    all.results.slice(0, 2).map(result => ({ ...result, document: { text: documents[result.index] } })),
  )
  expect((await rank({ top_n: 9 })).results).toHaveLength(4)
})

test('[K02] a document is a text, or an object that has one', async () => {
  expect(await rank({ documents: documents.map((text, id) => (id % 2 === 0 ? text : { text, id })) })).toEqual(
    await rank(),
  )
})

const wrong = [
  { param: 'query', code: 'missing_required_parameter', query: undefined },
  { param: 'query', query: '' },
  { param: 'query', code: 'invalid_type', query: ['a'] },
  { param: 'documents', code: 'missing_required_parameter', documents: undefined },
  { param: 'documents', documents: [] },
  { param: 'documents.1', documents: ['a', ''] },
  { param: 'documents.0', code: 'invalid_type', documents: [7] },
  { param: 'documents.0.text', documents: [{ title: 'a' }] },
  { param: 'documents', documents: Array.from({ length: 1025 }, () => 'a') },
  { param: 'documents.1', code: 'context_length_exceeded', documents: ['in', 'tide '.repeat(80)] },
  { param: 'top_n', top_n: 0 },
  { param: 'return_documents', return_documents: 'yes' },
]

test.each(wrong)('[K03] what cannot be ranked is refused by its field: $param', async ({ param, code, ...more }) => {
  const error = await failureOf(rank(more), OpenAI.BadRequestError)
  expect(error).toMatchObject({ status: 400, param, ...(code !== undefined && { code }) })
})

test.each(['tiny', 'vectors'])('[K03] who asks a model that does not rank is told which do', async model => {
  const error = await failureOf(rank({ model }), OpenAI.BadRequestError)
  expect(error).toMatchObject({ status: 400, param: 'model' })
  expect(error.message).toContain('these models rank: "ranks"')
})
