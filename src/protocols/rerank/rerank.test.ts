import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ModelError } from '../../core/errors.ts'
import { rerank } from './index.ts'

const decoded = rerank.decodeRequest({ model: 'm', query: 'q', documents: ['a', { text: 'b' }, 'c'] })

test('a body is a query and its documents', () => {
  expect(decoded).toEqual({
    request: { model: 'm', query: 'q', documents: ['a', 'b', 'c'] },
    most: 3,
    returnsDocuments: false,
  })
})

test('the best comes first, and of two alike the one that was sent first', () => {
  const ranking = { scores: [0.25, 0.75, 0.25], inputTokens: 9 }
  expect(rerank.encodeRanking(ranking, decoded)).toEqual({
    object: 'list',
    model: 'm',
    results: [
      { index: 1, relevance_score: 0.75 },
      { index: 0, relevance_score: 0.25 },
      { index: 2, relevance_score: 0.25 },
    ],
    usage: { prompt_tokens: 9, total_tokens: 9 },
  })
})

test('whatever comes is read or refused by its field', () => {
  const body = fc.record({
    model: fc.constant('m'),
    query: fc.oneof(fc.string(), fc.anything()),
    documents: fc.oneof(fc.array(fc.oneof(fc.string(), fc.record({ text: fc.anything() }))), fc.anything()),
    top_n: fc.anything(),
  })
  fc.assert(
    fc.property(fc.oneof(body, fc.anything()), given => {
      try {
        const { request, most } = rerank.decodeRequest(JSON.parse(JSON.stringify(given) ?? 'null'))
        expect(request.documents.every(text => typeof text === 'string' && text !== '')).toBe(true)
        expect(most).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError)
        expect(error).toMatchObject({ kind: 'invalid-request' })
      }
    }),
  )
})
