import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPromptTokenizer } from './prompt-tokenizer.ts'

/* One token for each special text, and one for each other code unit, as the native tokenizer would give. */
const specials = ['<|a|>', '<|a|>b', '(.*)']
function native(text: string): Uint32Array {
  const tokens: number[] = []
  for (let at = 0; at < text.length;) {
    const special = specials.toSorted((a, b) => b.length - a.length).find(candidate => text.startsWith(candidate, at))
    tokens.push(special === undefined ? text.charCodeAt(at) : 0x1_0000 + specials.indexOf(special))
    at += special?.length ?? 1
  }
  return Uint32Array.from(tokens)
}

test('a text is tokenized as if in one piece', () => {
  const piece = fc.oneof(fc.constantFrom(...specials), fc.string({ maxLength: 3 }))
  const many = fc.array(piece, { maxLength: 2000, size: 'max' }).map(pieces => pieces.join(''))
  fc.assert(
    fc.property(many, text => {
      expect(createPromptTokenizer(native, specials)(text)).toEqual(native(text))
    }),
    { numRuns: 50 },
  )
})

test('the native tokenizer never gets more than 64 special tokens at once', () => {
  const sizes: number[] = []
  const tokenize = createPromptTokenizer(text => {
    sizes.push(text.split('<|a|>').length - 1)
    return native(text)
  }, specials)
  tokenize('<|a|>'.repeat(10_000))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000)
})

test('a model without special tokens is asked as it is', () => {
  expect(createPromptTokenizer(native, [])).toBe(native)
})
