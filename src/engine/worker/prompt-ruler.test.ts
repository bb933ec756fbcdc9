import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPromptRuler } from './prompt-ruler.ts'

/* One token a byte, and the space before the first word left out, as some tokenizers do. */
const spell = (tokens: Uint32Array): string => Buffer.from(tokens).toString().replace(/^ /, '')
const tokensOf = (text: string): Uint32Array => Uint32Array.from(Buffer.from(text))

const texts = fc
  .array(fc.oneof(fc.constantFrom(' a', 'é', '語', '👋', ' 👩‍👩‍👧‍👦', '\n'), fc.string()), { maxLength: 900, size: 'max' })
  .map(parts => parts.join(''))

test('a token is where all that comes before it ends', () => {
  fc.assert(
    fc.property(texts, fc.nat(), (text, place) => {
      const tokens = tokensOf(text)
      const token = place % (tokens.length + 1)
      const ruler = createPromptRuler(tokens, spell(tokens).length, spell)
      expect(ruler.letterOf(token)).toBe(spell(tokens.subarray(0, token)).length)
    }),
  )
})

test('the tokens before a letter end there or before it, and the next one after it', () => {
  fc.assert(
    fc.property(texts, fc.nat(), (text, place) => {
      const tokens = tokensOf(text)
      const letter = place % (text.length + 1)
      const { letterOf, tokensBefore } = createPromptRuler(tokens, spell(tokens).length, spell)
      const before = tokensBefore(letter)
      expect(letterOf(before)).toBeLessThanOrEqual(letter)
      if (before < tokens.length) expect(letterOf(before + 1)).toBeGreaterThan(letter)
    }),
  )
})

test('letters are measured from the end where the text lacks the first token', () => {
  const tokens = tokensOf('^word')
  const { letterOf, tokensBefore } = createPromptRuler(tokens, 4, spell)
  expect([letterOf(1), letterOf(5), tokensBefore(0), tokensBefore(4)]).toEqual([0, 4, 1, 5])
})

test('however long the prompt is, little of it is spelled to find a place', () => {
  let spelled = 0
  const tokens = tokensOf('word '.repeat(20_000))
  const { tokensBefore } = createPromptRuler(tokens, tokens.length, some => {
    spelled += some.length
    return spell(some)
  })
  expect(spelled).toBeLessThan(tokens.length * 1.1)
  spelled = 0
  tokensBefore(50_000)
  expect(spelled).toBeLessThan(tokens.length / 5)
})
