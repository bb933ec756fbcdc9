import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileGlob, compilePattern } from './model-pattern.ts'

test.each([
  ['exact', 'gpt-5', 'gpt-5', true],
  ['exact', 'gpt-5', 'gpt-5-mini', false],
  ['prefix', 'gpt-', 'gpt-5', true],
  ['prefix', 'gpt-', 'my-gpt-5', false],
  ['glob', 'gpt-*', 'gpt-', true],
  ['glob', 'gpt-?', 'gpt-', false],
  ['glob', 'gpt-?', 'gpt-5', true],
  ['glob', '*/qwen.*', 'hub/qwen.gguf', true],
  ['glob', 'a.c', 'abc', false],
  ['glob', '(a|b)*', 'a', false],
  ['regex', 'gpt-[45](-mini)?', 'gpt-4-mini', true],
  ['regex', 'gpt', 'gpt-5', false],
  ['regex', 'a|b', 'ab', false],
] as const)('the %s %j matches %j: %j', (...[type, text, name, isMatch]) => {
  expect(compilePattern({ type, text })(name)).toBe(isMatch)
})

test.each([
  ['(', /no regular expression.*missing closing/],
  [String.raw`(a)\1`, /look-around and back-references/],
  ['(?<=a)b', /look-around and back-references/],
  ['((a{0,99}){0,99}){0,99}', /no regular expression/],
  ['a'.repeat(257), /257 letters long; 256 are allowed/],
  ['', /is empty/],
])('the expression %j is refused with its reason', (text, reason) => {
  expect(() => compilePattern({ type: 'regex', text })).toThrow(reason)
})

test('an expression that makes a backtracking engine hang is answered', () => {
  expect(compilePattern({ type: 'regex', text: '(a*)*b|(x+x+)+y' })('a'.repeat(100_000))).toBe(false)
})

test('a glob matches what it was made from, with any letters in the place of its stars', () => {
  const word = fc.string({ unit: 'binary', maxLength: 12 })
  const property = fc.property(fc.array(fc.tuple(word, word), { maxLength: 5 }), word, (pieces, last) => {
    const literal = (text: string) => text.replaceAll(/[*?]/g, '_')
    const glob = pieces.map(([fixed]) => `${literal(fixed)}*`).join('') + literal(last)
    const name = pieces.map(([fixed, free]) => literal(fixed) + free).join('') + literal(last)
    expect(compileGlob(glob)(name)).toBe(true)
  })
  fc.assert(property, { numRuns: 50 })
})
