import { charSet, codePointOf, hasChar } from './char-set.ts'
import type { CharRange, CharSet } from './char-set.ts'
import { Allowance, limits, TooCostly } from './limits.ts'
import type { Pattern } from './pattern.ts'

/** A machine that may be in several states at once. State 0 is the first. */
export interface Automaton {
  readonly states: readonly AutomatonState[]
  readonly end: number
}

export interface AutomatonState {
  readonly edges: readonly Edge[]
  /** States that are entered without reading anything. */
  readonly also: readonly number[]
}

export interface Edge {
  readonly set: CharSet
  readonly to: number
}

/** A machine that is in one state at a time: no character is in two edges of a state. State 0 is the first. */
export type Deterministic = readonly { readonly edges: readonly Edge[]; readonly isEnd: boolean }[]

/** Makes a machine that reads exactly the pattern's texts. Throws `TooCostly` where repetitions make it too large. */
export function toAutomaton(pattern: Pattern, allowance: Allowance = automatonAllowance()): Automaton {
  const states: { readonly edges: Edge[]; readonly also: number[] }[] = []
  const addState = () => {
    allowance.take(10)
    if (states.length >= limits.patternStates) throw new TooCostly('a pattern has too many repetitions')
    return states.push({ edges: [], also: [] }) - 1
  }
  const link = (from: number, to: number) => states[from]?.also.push(to)
  /* Adds what reads `pattern` from a state on, and gives the state where it ends. */
  const add = (pattern: Pattern, from: number): number => {
    const end = addState()
    switch (pattern.type) {
      case 'chars':
        states[from]?.edges.push({ set: pattern.set, to: end })
        return end
      case 'sequence':
        link(
          pattern.parts.reduce((at, part) => add(part, at), from),
          end,
        )
        return end
      case 'choice':
        for (const option of pattern.options) link(add(option, from), end)
        return end
      case 'repeat':
        addRepeat(pattern, from, end)
        return end
    }
  }
  const addRepeat = ({ part, min, max }: Extract<Pattern, { type: 'repeat' }>, from: number, end: number) => {
    let at = from
    for (let count = 0; count < min; count += 1) at = add(part, at)
    if (max === undefined) {
      const loop = addState()
      link(at, loop)
      link(add(part, loop), loop)
      at = loop
    } else {
      for (let count = min; count < max; count += 1) {
        link(at, end)
        at = add(part, at)
      }
    }
    link(at, end)
  }
  return { end: add(pattern, addState()), states }
}

/** Whether the machine reads the whole text. Takes time in proportion to the text's length, whatever the pattern. */
export function accepts({ states, end }: Automaton, text: string): boolean {
  let current = withAlso(states, [0])
  for (const char of text) {
    const codePoint = codePointOf(char)
    const edges = current.flatMap(state => states[state]?.edges ?? [])
    current = withAlso(
      states,
      edges.filter(({ set }) => hasChar(set, codePoint)).map(({ to }) => to),
    )
    if (current.length === 0) return false
  }
  return current.includes(end)
}

/** The work that the expressions of one grammar may take. */
export function automatonAllowance(): Allowance {
  return new Allowance(limits.automatonSteps, 'its patterns are too intricate')
}

/** Makes a machine deterministic. Throws `TooCostly` where that takes too many states or too long. */
export function toDeterministic(
  { states, end }: Automaton,
  allowance: Allowance = automatonAllowance(),
): Deterministic {
  allowance.take(states.length)
  const found: (readonly number[])[] = []
  const numbers = new Map<string, number>()
  const numberOf = (members: readonly number[]): number => {
    const key = members.join()
    const known = numbers.get(key)
    if (known !== undefined) return known
    if (found.length >= limits.automatonStates) throw new TooCostly('a pattern is too intricate')
    numbers.set(key, found.length)
    return found.push(members) - 1
  }
  const result: { edges: readonly Edge[]; isEnd: boolean }[] = []
  numberOf(withAlso(states, [0]))
  for (let index = 0; index < found.length; index += 1) {
    const members = found[index] ?? []
    allowance.take(members.length)
    const targets = new Map<number, CharRange[]>()
    const edges = members.flatMap(state => states[state]?.edges ?? [])
    for (const { range, reached } of split(edges, allowance)) {
      const all = withAlso(states, reached)
      allowance.take(all.length + 1)
      const target = numberOf(all)
      targets.set(target, [...(targets.get(target) ?? []), range])
    }
    const merged = [...targets].map(([to, ranges]) => ({ set: charSet(ranges), to }))
    allowance.take(merged.length * 8)
    result.push({ edges: merged, isEnd: members.includes(end) })
  }
  return result
}

/** Cuts the edges' sets at each other's borders, so that each piece leads to the same states throughout. */
function split(
  edges: readonly Edge[],
  allowance: Allowance,
): readonly { readonly range: CharRange; readonly reached: readonly number[] }[] {
  const borders = new Set<number>()
  for (const { set } of edges)
    for (const [from, to] of set) {
      borders.add(from)
      borders.add(to + 1)
    }
  const sorted = [...borders].sort((a, b) => a - b)
  allowance.take(Math.ceil((sorted.length * edges.length) / 4))
  return sorted.slice(0, -1).flatMap((from, index) => {
    const reached = edges.filter(({ set }) => hasChar(set, from)).map(({ to }) => to)
    const range: CharRange = [from, (sorted[index + 1] ?? from) - 1]
    return reached.length > 0 ? [{ range, reached }] : []
  })
}

/** The states that one is in after entering these, in ascending order. */
function withAlso(states: readonly AutomatonState[], entered: readonly number[]): readonly number[] {
  const all = new Set(entered)
  for (const state of all) for (const next of states[state]?.also ?? []) all.add(next)
  return [...all].sort((a, b) => a - b)
}
