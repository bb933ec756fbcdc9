import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSealed, openSeal, sealReasoning } from './reasoning-seal.ts'

test('what was sealed is opened again, by its protocol alone', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (id, data) => {
      const signature = sealReasoning('openai-responses', { id, data })
      expect(isSealed(signature)).toBe(true)
      expect(openSeal('openai-responses', { type: 'thinking', text: '', signature })).toEqual({ id, data })
      expect(openSeal('openai-chat', { type: 'thinking', text: '', signature })).toBeUndefined()
    }),
  )
})

test.each([
  undefined,
  '',
  'EqRk',
  'duologue.1.abc',
  'duologue.openai-responses.',
  'duologue.openai-responses.a.x',
  'duologue.openai-responses.%E0:x',
])('the signature %s opens nothing', signature => {
  const block = { type: 'thinking', text: '', ...(signature !== undefined && { signature }) } as const
  expect(openSeal('openai-responses', block)).toBeUndefined()
})
