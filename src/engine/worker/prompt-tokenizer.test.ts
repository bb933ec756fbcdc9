import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { starterModel } from '../../../test/support/starter-model.ts'
import { loadLlama } from './binding.ts'
import { createPromptTokenizer, createWordTokenizer, joinTokens } from './prompt-tokenizer.ts'
import type { TokenizePieces } from './prompt-tokenizer.ts'
import { readVocabulary } from './vocabulary.ts'

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

const cuts = { specials, breaksAtLines: false }
const whole = (read: Iterable<Uint32Array>): Uint32Array => joinTokens(Array.from(read))
const spelling = (token: number): string => specials[token - 0x1_0000] ?? String.fromCharCode(token)

test('a text is tokenized as if in one piece', () => {
  const piece = fc.oneof(fc.constantFrom(...specials), fc.string({ maxLength: 3 }))
  const many = fc.array(piece, { maxLength: 2000, size: 'max' }).map(pieces => pieces.join(''))
  fc.assert(
    fc.property(many, text => {
      expect(whole(createPromptTokenizer(native, cuts)(text))).toEqual(native(text))
    }),
    { numRuns: 50 },
  )
})

test('the native tokenizer never gets more than 64 special tokens at once', () => {
  const sizes: number[] = []
  const tokenize = createPromptTokenizer(text => {
    sizes.push(text.split('<|a|>').length - 1)
    return native(text)
  }, cuts)
  whole(tokenize('<|a|>'.repeat(10_000)))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000)
})

test('nothing is a control token in what is read as words, even where the native tokenizer would find it', () => {
  const control = ['<|a|>', '|>b', '<|c|>']
  const tokenize = createWordTokenizer(native, { ...cuts, control })
  const piece = fc.oneof(fc.constantFrom(...specials, ...control, '<|', '|>'), fc.string({ maxLength: 3 }))
  fc.assert(
    fc.property(
      fc.array(piece).map(pieces => pieces.join('')),
      text => {
        const tokens = Array.from(whole(tokenize(text)))
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
    { specials: ['<|a|>', '(.*)'], control: ['<|a|>', '(.*)'], breaksAtLines: false },
  )
  whole(tokenize('x<|a|>(.*)'))
  expect(read).toEqual(['x<|', 'a|>(.*', ')'])
})

/** The length of each piece in letters. */
function lengthsOf(read: TokenizePieces, text: string): readonly number[] {
  return Array.from(read(text), tokens => tokens.length)
}

test('a long text is cut between its lines, where they can be read one after the other', () => {
  const page = `${'a'.repeat(99)}\n`.repeat(1000)
  const [cut, uncut] = [true, false].map(breaksAtLines => createPromptTokenizer(native, { specials, breaksAtLines }))
  expect(Math.max(...lengthsOf(cut!, page))).toBe(8200)
  expect(lengthsOf(uncut!, page)).toEqual([page.length])
})

test('a text that is cut between messages is not cut more often than it is long', () => {
  const tokenize = createPromptTokenizer(native, cuts)
  expect(lengthsOf(tokenize, `<|a|>${'x'.repeat(5000)}`.repeat(6))).toEqual([10_002, 10_002, 10_002])
})

test('a real tokenizer gives the same tokens for a text that is cut between its lines', async () => {
  const llama = await loadLlama(await provisionForTests())
  const model = await llama.loadModel({ modelPath: await starterModel(), vocabOnly: true })
  const { special, breaksAtLines } = readVocabulary(model)
  expect(breaksAtLines).toBe(true)
  const tokenize = createPromptTokenizer(text => model._model.tokenize(text, true), {
    specials: special.all,
    breaksAtLines,
  })
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\n\n',
      '\r\n',
      ' ',
      '\t',
      '12',
      "'s",
      '),',
      '{"a": ',
      'é',
      '語',
      '👋',
      ' the',
      'Word',
      '<|im_end|>',
    ),
    fc.string({ maxLength: 4 }),
  )
  const long = fc.array(piece, { minLength: 9000, maxLength: 12_000, size: 'max' }).map(pieces => pieces.join(''))
  fc.assert(
    fc.property(long, text => {
      const read = Array.from(tokenize(text))
      expect(read.length).toBeGreaterThan(1)
      expect(joinTokens(read)).toEqual(model._model.tokenize(text, true))
    }),
    { numRuns: 4 },
  )
})
