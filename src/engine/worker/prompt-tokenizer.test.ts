import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPromptTokenizer, createWordTokenizer } from './prompt-tokenizer.ts'

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

const spelling = (token: number): string => specials[token - 0x1_0000] ?? String.fromCharCode(token)

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

test('nothing is a control token in what is read as words, even where the native tokenizer would find it', () => {
  const control = ['<|a|>', '|>b', '<|c|>']
  const tokenize = createWordTokenizer(native, { inWords: specials, control })
  const piece = fc.oneof(fc.constantFrom(...specials, ...control, '<|', '|>'), fc.string({ maxLength: 3 }))
  fc.assert(
    fc.property(
      fc.array(piece).map(pieces => pieces.join('')),
      text => {
        const tokens = Array.from(tokenize(text))
        expect(tokens).not.toContain(0x1_0000)
        expect(tokens.map(spelling).join('')).toBe(text)
      },
    ),
  )
})

test('a control word is cut between its signs and its letters', () => {
  const read: string[] = []
  const tokenize = createWordTokenizer(
    text => {
      read.push(text)
      return native(text)
    },
    { inWords: ['<|a|>', '(.*)'], control: ['<|a|>', '(.*)'] },
  )
  tokenize('x<|a|>(.*)')
  expect(read).toEqual(['x<|', 'a|>(.*', ')'])
})

test('a model that has no control tokens among its words is asked as it is', () => {
  expect(createWordTokenizer(native, { inWords: [], control: ['<|a|>'] })).toBe(native)
})
