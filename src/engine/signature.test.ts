import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOwnThinking, signThinking } from './signature.ts'

test('what was signed here is known again, and nothing else is', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, other) => {
      expect(isOwnThinking({ type: 'thinking', text, signature: signThinking(text) })).toBe(true)
      expect(isOwnThinking({ type: 'thinking', text: other, signature: signThinking(text) })).toBe(other === text)
      expect(isOwnThinking({ type: 'thinking', text, signature: other })).toBe(false)
    }),
  )
})

test('reasoning of another origin is foreign, whatever its signature', () => {
  const text = 'Hm.'
  expect(isOwnThinking({ type: 'thinking', text, origin: 'anthropic-messages', signature: signThinking(text) })).toBe(
    false,
  )
})

test('reasoning from a protocol without signatures is taken for ours', () => {
  expect(isOwnThinking({ type: 'thinking', text: 'Hm.' })).toBe(true)
})
