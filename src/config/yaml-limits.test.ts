import { expect, test } from 'vitest'
import { tooMuchOf } from './yaml-limits.ts'

test.each([
  ['lists in lists', '['.repeat(100)],
  ['entries in entries of a line', '- '.repeat(100)],
  ['keys of keys within brackets', `a: [${'b: '.repeat(100)}]`],
  ['keys that are maps', '{a: 1}: '.repeat(100)],
])('%s that nest too deeply are refused', (_, text) => {
  expect(tooMuchOf(text)).toBe('it nests deeper than 64 levels')
})

test('a rule with many targets fits on one line', () => {
  const targets = Array.from({ length: 32 }, (_, index) => `{ provider: p, model: m${index} }`)
  expect(tooMuchOf(`routes: [{ name: r, match: {}, targets: [${targets.join(', ')}] }]`)).toBeUndefined()
})
