import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteTokens } from '../../../test/support/tiny-vocabulary.ts'
import { spellToken } from './token-spelling.ts'

/* A vocabulary of the given spellings, whose tokens read as the given bytes. */
function vocabularyOf(bytes: readonly (readonly number[])[], spellings: readonly string[]) {
  return {
    detokenize: (tokens: Uint32Array) =>
      Buffer.from(Array.from(tokens).flatMap(token => bytes[token] ?? [])).toString('utf8'),
    getTokenString: (token: number) => spellings[token],
  }
}

test('the bytes of a byte-level token are the ones that it stands for, also of a part of a character', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), bytes => {
      const spelling = Array.from(bytes, byte => byteTokens[byte]).join('')
      expect(spellToken(vocabularyOf([[...bytes]], [spelling]), 0).bytes).toEqual([...bytes])
    }),
  )
})

test('a byte that is spelled in hexadecimal is that byte', () => {
  expect(spellToken(vocabularyOf([[0xe2]], ['<0xE2>']), 0)).toEqual({ token: '\uFFFD', bytes: [0xe2] })
})

test('a vocabulary that spells in no known way is read as text', () => {
  const vocabulary = vocabularyOf([[0xe2]], ['\u4E00'])
  expect(spellToken(vocabulary, 0).bytes).toEqual([...Buffer.from('\uFFFD')])
})

test('the space before a word is part of its token, also where it is left out at the start of a text', () => {
  const vocabulary = {
    detokenize: (tokens: Uint32Array) => ' Hello'.repeat(tokens.length).trimStart(),
    getTokenString: () => '▁Hello',
  }
  expect(spellToken(vocabulary, 0)).toEqual({ token: ' Hello', bytes: [...Buffer.from(' Hello')] })
})
