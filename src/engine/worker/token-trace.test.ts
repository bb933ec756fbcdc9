import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTokenTrace } from './token-trace.ts'
import type { TokenTrace } from './token-trace.ts'

const shown = { mayBeShown: true }

function draw(trace: TokenTrace, ...tokens: readonly string[]): void {
  for (const token of tokens) trace.draw({ token, logprob: -1 })
}

function write(trace: TokenTrace, text: string): void {
  draw(trace, text)
  trace.read(text, shown)
}

const show = (trace: TokenTrace, text: string): readonly string[] => trace.show(text).map(({ token }) => token)

test('however text is held back, each token is given once, in order, with its first character', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 4 })), fc.array(fc.nat(6)), (tokens, lengths) => {
      const trace = createTokenTrace()
      for (const token of tokens) write(trace, token)
      const whole = tokens.join('')
      const given: string[] = []
      let at = 0
      for (const length of [...lengths, whole.length]) {
        const text = whole.slice(at, at + length)
        if (text === '') continue
        given.push(...show(trace, text))
        at += text.length
        expect(given.join('').length).toBeGreaterThanOrEqual(at)
      }
      expect(given).toEqual(tokens)
    }),
  )
})

test('the tokens of one character come together', () => {
  const trace = createTokenTrace()
  draw(trace, 'a', 'b')
  trace.read('', shown)
  draw(trace, 'c')
  trace.read('é!', shown)
  expect(show(trace, 'é')).toEqual(['a', 'b', 'c'])
  expect(show(trace, '!')).toEqual([])
})

test('space that is trimmed has no tokens, and a token of which some is shown has', () => {
  const trace = createTokenTrace()
  write(trace, '\n')
  write(trace, '\nHi')
  expect(show(trace, 'Hi')).toEqual(['\nHi'])
})

test('what is never shown is not searched', () => {
  const trace = createTokenTrace()
  draw(trace, 'a')
  trace.read('a', { mayBeShown: false })
  write(trace, '</a>')
  draw(trace, '>a')
  trace.restart('a')
  write(trace, 'b')
  expect(show(trace, 'a')).toEqual(['>a'])
  expect(show(trace, 'b')).toEqual(['b'])
})

test('text that no token says has none', () => {
  const trace = createTokenTrace()
  write(trace, 'a')
  expect(show(trace, 'made up')).toEqual([])
})
