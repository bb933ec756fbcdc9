import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStopMatcher } from './stop-matcher.ts'

/** Pushes pieces until a sequence matches, and gives all text shown and the match. */
function run(pieces: readonly string[], sequences: readonly string[]): { text: string; sequence?: string } {
  const matcher = createStopMatcher(sequences)
  let text = ''
  for (const piece of pieces) {
    const matched = matcher.push(piece)
    text += matched.text
    if (matched.sequence !== undefined) return { text, sequence: matched.sequence }
  }
  return { text: text + matcher.end() }
}

test('a stop sequence and what follows it are cut from the text', () => {
  expect(run(['one STOP two'], ['STOP'])).toEqual({ text: 'one ', sequence: 'STOP' })
})

test('a stop sequence that comes in pieces is found', () => {
  expect(run(['one S', 'T', 'OP two'], ['STOP'])).toEqual({ text: 'one ', sequence: 'STOP' })
})

test('what only began like a stop sequence is shown', () => {
  expect(run(['one ST', 'ART'], ['STOP'])).toEqual({ text: 'one START' })
})

test('text that cannot become a stop sequence is not held back', () => {
  expect(createStopMatcher(['STOP']).push('one two').text).toBe('one two')
})

test('what is held back is shown at the end', () => {
  expect(run(['one ST'], ['STOP'])).toEqual({ text: 'one ST' })
})

test('of two stop sequences the one that ends first wins', () => {
  expect(run(['abc'], ['abc', 'b'])).toEqual({ text: 'a', sequence: 'b' })
  expect(run(['abc'], ['bc', 'abc'])).toEqual({ text: '', sequence: 'abc' })
})

test('however the text is cut into pieces, the same text is shown and the same sequence found', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), fc.array(letters, { maxLength: 3 }), (pieces, sequences) => {
      const whole = pieces.join('')
      expect(run(pieces, sequences)).toEqual(run([whole], sequences))
      expect(run(whole.split(''), sequences)).toEqual(run([whole], sequences))
    }),
  )
})
