import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openaiEmbeddings } from './index.ts'

const { decodeRequest, encodeEmbeddings } = openaiEmbeddings

describe('a request', () => {
  test('of one text or of several is understood', () => {
    expect(decodeRequest({ model: 'm', input: 'a' })).toEqual({
      request: { model: 'm', texts: ['a'] },
      encoding: 'float',
    })
    expect(
      decodeRequest({ model: 'm', input: ['a', 'b'], encoding_format: 'base64', dimensions: 8, user: 'u', later: 1 }),
    ).toEqual({ request: { model: 'm', texts: ['a', 'b'], dimensions: 8 }, encoding: 'base64' })
  })

  test.each([
    { field: ['model'], body: { input: 'a' } },
    { field: ['input'], body: { model: 'm' } },
    { field: ['input'], body: { model: 'm', input: '' } },
    { field: ['input'], body: { model: 'm', input: [] } },
    { field: ['input'], body: { model: 'm', input: { text: 'a' } } },
    { field: ['input', 1], body: { model: 'm', input: ['a', ''] } },
    { field: ['input', 0], body: { model: 'm', input: [1, 2] } },
    { field: ['input', 0], body: { model: 'm', input: [[1, 2]] } },
    { field: ['input', 0], body: { model: 'm', input: ['a'.repeat(262_145)] } },
    { field: ['input'], body: { model: 'm', input: Array(2049).fill('a') } },
    { field: ['encoding_format'], body: { model: 'm', input: 'a', encoding_format: 'int8' } },
    { field: ['dimensions'], body: { model: 'm', input: 'a', dimensions: 0 } },
    { field: ['user'], body: { model: 'm', input: 'a', user: 7 } },
  ])('that is wrong is refused by its field: $field', ({ field, body }) => {
    expect(() => decodeRequest(body)).toThrow(expect.objectContaining({ kind: 'invalid-request', field }))
  })
})

const vectors = fc.array(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 4 })

describe('the vectors', () => {
  test('are written number by number, in the order of the texts', () => {
    const written = encodeEmbeddings(
      { vectors: [Float32Array.of(1, 0), Float32Array.of(0, -0.5)], inputTokens: 7 },
      { model: 'm', encoding: 'float' },
    )
    expect(written).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1, 0] },
        { object: 'embedding', index: 1, embedding: [0, -0.5] },
      ],
      model: 'm',
      usage: { prompt_tokens: 7, total_tokens: 7 },
    })
  })

  test('are written as base64 of 32-bit floats, the lowest byte first', () => {
    fc.assert(
      fc.property(vectors, vectors => {
        const { data } = encodeEmbeddings({ vectors, inputTokens: 1 }, { model: 'm', encoding: 'base64' })
        expect(data).toEqual(
          vectors.map((vector, index) => {
            const bytes = Buffer.alloc(vector.length * 4)
            for (const [place, value] of vector.entries()) bytes.writeFloatLE(value, place * 4)
            return { object: 'embedding', index, embedding: bytes.toString('base64') }
          }),
        )
      }),
    )
  })
})
