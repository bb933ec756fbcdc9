import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTextDecoder } from './text-decoder.ts'

/* A vocabulary of single bytes: every character beyond ASCII comes in pieces. */
const fromBytes = (tokens: readonly number[]): string => Buffer.from(tokens).toString('utf8')

function decode(text: string, before = ''): { pieces: string[]; whole: string } {
  const decoder = createTextDecoder({ detokenize: fromBytes, before: [...Buffer.from(before)] })
  const pieces = [...Buffer.from(text)].map(byte => decoder.push(byte))
  pieces.push(decoder.end())
  return { pieces, whole: pieces.join('') }
}

test('a character in four pieces is shown once it is whole', () => {
  expect(decode('a😀b').pieces).toEqual(['a', '', '', '', '😀', 'b', ''])
})

test('any text is shown as it is, and no piece holds a part of a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (text, before) => {
      fc.pre(!text.includes('\uFFFD') && !before.includes('\uFFFD') && text.isWellFormed() && before.isWellFormed())
      const { pieces, whole } = decode(text, before)
      expect(whole).toBe(text)
      for (const piece of pieces) expect(piece.isWellFormed() && !piece.includes('\uFFFD')).toBe(true)
    }),
  )
})

test('the pieces of a character that was never finished are dropped', () => {
  const decoder = createTextDecoder({ detokenize: fromBytes, before: [] })
  const [first = 0, second = 0] = Buffer.from('日')
  expect(['a'.charCodeAt(0), first, second].map(byte => decoder.push(byte))).toEqual(['a', '', ''])
  expect(decoder.end()).toBe('')
})

test('bytes that are no text are shown as replacement characters, sooner or later', () => {
  const decoder = createTextDecoder({ detokenize: fromBytes, before: [] })
  const shown = Array.from({ length: 9 }, () => decoder.push(0xff)).join('') + decoder.end()
  expect(shown).toContain('\uFFFD')
})

test('a tokenizer that drops a leading space at the start of a text is heard right', () => {
  const words = ['Once', ' upon', ' a', ' time']
  const detokenize = (tokens: readonly number[]): string =>
    tokens
      .map(token => words[token])
      .join('')
      .trimStart()
  const decoder = createTextDecoder({ detokenize: detokenize, before: [0] })
  expect([1, 2, 3].map(token => decoder.push(token))).toEqual([' upon', ' a', ' time'])
})

test('a marker is shown where its token is, after what came before it', () => {
  const decoder = createTextDecoder({
    detokenize: tokens => fromBytes(tokens.filter(token => token < 256)),
    before: [],
    markers: new Map([[300, '<call>']]),
  })
  expect([97, 300, 98, 301, 99].map(token => decoder.push(token))).toEqual(['a', '<call>', 'b', '', 'c'])
})
