import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accepts, toAutomaton, toDeterministic } from './automaton.ts'
import type { Automaton, Deterministic } from './automaton.ts'
import { codePointOf, hasChar } from './char-set.ts'
import { TooCostly } from './limits.ts'
import { readRegularExpression } from './regular-expression.ts'

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '[a-c-]',
  String.raw`\d`,
  String.raw`\W`,
  String.raw`\.`,
  'é',
  String.raw`\u0062`,
  '[\\s\\d]',
  '[]',
  '[^]',
)
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{1,}', '+?', '*?')
const { expression } = fc.letrec<{ expression: string }>(tie => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(atom, quantifier).map(parts => parts.join('')),
    fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map(parts => parts.join('')),
    fc
      .tuple(fc.constantFrom('(', '(?:', '(?<x>'), tie('expression'), tie('expression'), quantifier)
      .map(([open, one, other, times]) => `${open}${one}|${other})${times}`),
  ),
}))
const anchored = fc.tuple(fc.constantFrom('', '^'), expression, fc.constantFrom('', '$')).map(parts => parts.join(''))
const subject = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', ' ', '\n', 'é', '😀', '-'), maxLength: 8 })

function follows(machine: Deterministic, text: string): boolean {
  let state = 0
  for (const char of text) {
    const edge = machine[state]?.edges.find(({ set }) => hasChar(set, codePointOf(char)))
    if (!edge) return false
    state = edge.to
  }
  return machine[state]?.isEnd === true
}

/** Gives nothing for an expression whose machine would be too large: no grammar is made of it. */
function machineOf(automaton: Automaton): Deterministic | undefined {
  try {
    return toDeterministic(automaton)
  } catch (error) {
    if (error instanceof TooCostly) return undefined
    throw error
  }
}

test('what is read matches what JavaScript matches', () => {
  fc.assert(
    fc.property(anchored, fc.array(subject, { minLength: 1, maxLength: 5 }), (source, texts) => {
      // A group's name may stand once only.
      fc.pre(source.split('?<x>').length <= 2)
      const pattern = readRegularExpression(source)
      expect(pattern).toBeDefined()
      if (!pattern) return
      const automaton = toAutomaton(pattern)
      const machine = machineOf(automaton)
      fc.pre(machine !== undefined)
      if (!machine) return
      for (const text of texts) {
        const isMatch = new RegExp(source, 'u').test(text)
        expect([text, accepts(automaton, text), follows(machine, text)]).toEqual([text, isMatch, isMatch])
      }
    }),
    { numRuns: 1000 },
  )
})

test.each([
  '(?=a)',
  '(?!a)',
  '(?<=a)b',
  String.raw`(a)\1`,
  String.raw`\bword`,
  String.raw`\p{L}`,
  'a^b',
  '(^a|b)',
  'a$b',
  '(a',
  'a)',
  '[b-a]',
  '[a',
  '*a',
  'a{2,1}',
  '\\',
  'a**',
])('%s is not read', source => {
  expect(readRegularExpression(source)).toBeUndefined()
})

test('any text is taken as an expression without an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$\\-,12.du:<>='), maxLength: 24 }), source => {
      expect(() => readRegularExpression(source)).not.toThrow()
    }),
    { numRuns: 2000 },
  )
})

test('deep groups are not read, and do not overflow the stack', () => {
  expect(readRegularExpression(`${'('.repeat(200)}a${')'.repeat(200)}`)).toBeUndefined()
})
