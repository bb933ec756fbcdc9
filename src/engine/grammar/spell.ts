import type { Deterministic } from './automaton.ts'
import { charSet, charsOf, codePointOf, hasChar, without } from './char-set.ts'
import type { CharSet } from './char-set.ts'
import { chars, choice, nothing, sequence, text } from './expression.ts'
import type { Expression } from './expression.ts'
import type { RuleSet } from './rule-set.ts'

const escapes: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
}

const unwritable: CharSet = charSet([[0, 0x1f], ...charsOf('"\\')])

/**
 * How the characters of a set are written within a JSON string: each in exactly one way.
 * Control characters without a short escape are left out.
 */
export function inJsonString(set: CharSet): Expression {
  const plain = without(set, unwritable)
  const escaped = Object.entries(escapes).filter(([char]) => hasChar(set, codePointOf(char)))
  const options = [...(plain.length > 0 ? [chars(plain)] : []), ...escaped.map(([, written]) => text(written))]
  return choice(...options)
}

/* Longer ones are cut, as each state would copy all that follows it. */
const longestLine = 24

/**
 * Puts a machine into rules and gives the first. `spell` says how a character is written.
 * States that only one other leads to are written into it, and states that do the same are one rule.
 */
export function addMachine(
  rules: RuleSet,
  machine: Deterministic,
  spell: (set: CharSet) => Expression = chars,
): Expression {
  const arrivals = new Map<number, number>()
  for (const { edges } of machine) for (const { to } of edges) arrivals.set(to, (arrivals.get(to) ?? 0) + 1)
  const known = new Map<number, Expression>()
  const loops = new Map<number, string | undefined>()
  const write = (index: number): Expression => {
    const found = known.get(index)
    if (found) return found
    if (loops.has(index)) {
      const name = loops.get(index) ?? rules.reserve('loop')
      loops.set(index, name)
      return { type: 'rule', name }
    }
    loops.set(index, undefined)
    const { edges, isEnd } = machine[index] ?? { edges: [], isEnd: false }
    const options = edges.map(({ set, to }) => sequence(spell(set), write(to)))
    const all = choice(...options, ...(isEnd ? [nothing] : []))
    const isStraight = arrivals.get(index) === 1 && all.type === 'sequence' && all.parts.length < longestLine
    const written = isStraight || all === nothing ? all : rules.add('state', all)
    const name = loops.get(index)
    if (name !== undefined) rules.define(name, written)
    known.set(index, written)
    return written
  }
  return write(0)
}
