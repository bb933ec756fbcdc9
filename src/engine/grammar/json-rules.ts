import { automatonAllowance, toAutomaton, toDeterministic } from './automaton.ts'
import type { Deterministic } from './automaton.ts'
import { anyChar, charsOf, charSet, digits, without } from './char-set.ts'
import { chars, choice, never, optional, repeat, sequence, text } from './expression.ts'
import type { Expression } from './expression.ts'
import { limits } from './limits.ts'
import { mostDigits, mostFractionDigits } from './number-pattern.ts'
import type { Pattern } from './pattern.ts'
import type { RuleSet } from './rule-set.ts'
import { addMachine, inJsonString } from './spell.ts'

/**
 * Where white space may stand between the tokens of JSON. Both layouts are bounded: a model cannot lose itself in blanks.
 * `one-line` allows one space after `:`, `,`, `{` and `[`, and before `}` and `]`.
 * `indented` also allows a line break there with up to 24 spaces or 8 tabs.
 */
export type Layout = 'one-line' | 'indented'

const hexDigit = charSet([...charsOf('abcdefABCDEF'), [0x30, 0x39]])
const quote = text('"')

/** The parts that all JSON is made of, as rules that are added when they are first asked for. */
export class JsonRules {
  readonly #rules: RuleSet
  readonly #layout: Layout
  readonly #made = new Map<string, Expression>()
  readonly #allowance = automatonAllowance()

  constructor(rules: RuleSet, layout: Layout) {
    this.#rules = rules
    this.#layout = layout
  }

  get gap(): Expression {
    const space = text(' ')
    if (this.#layout === 'one-line') return this.#rules.add('gap', optional(space))
    const newLine = text('\n')
    const indent = choice(repeat(space, 0, 24), repeat(text('\t'), 1, 8))
    return this.#rules.add('gap', optional(choice(space, sequence(newLine, indent))))
  }

  get comma(): Expression {
    return sequence(text(','), this.gap)
  }

  /** Any string. Surrogates that are written as escapes come in pairs. */
  get string(): Expression {
    const char = choice(this.char, this.#rules.add('unicode', unicodeEscape()))
    return this.#rules.add('string', sequence(quote, repeat(this.#rules.add('char', char), 0), quote))
  }

  /** One character of a string, each of which has one spelling. */
  get char(): Expression {
    return this.#rules.add('plain', inJsonString(anyChar))
  }

  stringOf(min: number, max: number | undefined): Expression {
    return this.#rules.add('string', sequence(quote, repeat(this.char, min, max), quote))
  }

  /** A string whose value is one of the pattern's texts. */
  stringLike(pattern: Pattern): Expression {
    return this.#once(`string ${JSON.stringify(pattern)}`, () => {
      const machine = this.#machine(pattern)
      return this.#rules.add('string', sequence(quote, addMachine(this.#rules, machine, inJsonString), quote))
    })
  }

  /** A number that is written in one of the pattern's ways. */
  numberLike(pattern: Pattern): Expression {
    return this.#once(`number ${JSON.stringify(pattern)}`, () => addMachine(this.#rules, this.#machine(pattern)))
  }

  get integer(): Expression {
    const digit = chars(digits)
    const natural = choice(text('0'), sequence(chars(charsOf('123456789')), repeat(digit, 0, mostDigits - 1)))
    return this.#rules.add('integer', sequence(optional(text('-')), natural))
  }

  get number(): Expression {
    const digit = chars(digits)
    const fraction = sequence(text('.'), repeat(digit, 1, mostFractionDigits))
    const exponent = sequence(chars(charsOf('eE')), optional(chars(charsOf('+-'))), repeat(digit, 1, 2))
    return this.#rules.add('number', sequence(this.integer, optional(fraction), optional(exponent)))
  }

  /** `"key": value`, with the key as it stands in JSON. */
  pair(key: Expression, value: Expression): Expression {
    return sequence(key, text(':'), this.#rules.add('gap', optional(text(' '))), value)
  }

  /** An object of any names, with from `min` to `max` values of one kind. */
  map(value: Expression, { min, max }: Count): Expression {
    return this.#enclosed('{}', this.pair(this.string, value), { min, max })
  }

  /** An array of items of one kind. */
  list(item: Expression, count: Count): Expression {
    return this.#enclosed('[]', item, count)
  }

  /** Any JSON, nested so deep and no deeper. */
  free(depth: number = limits.freeDepth): Expression {
    return this.#once(`free ${depth}`, () => {
      const nested = depth > 0 ? [this.freeObject(depth), this.freeArray(depth)] : []
      const scalars = [this.string, this.number, ...['true', 'false', 'null'].map(text)]
      return this.#rules.add('value', choice(...nested, ...scalars))
    })
  }

  freeObject(depth: number = limits.freeDepth): Expression {
    return this.map(this.free(depth - 1), { min: 0, max: undefined })
  }

  freeArray(depth: number = limits.freeDepth): Expression {
    return this.list(this.free(depth - 1), { min: 0, max: undefined })
  }

  #machine(pattern: Pattern): Deterministic {
    return toDeterministic(toAutomaton(pattern, this.#allowance), this.#allowance)
  }

  #once(key: string, make: () => Expression): Expression {
    const made = this.#made.get(key) ?? make()
    this.#made.set(key, made)
    return made
  }

  #enclosed(brackets: string, part: Expression, { min, max }: Count): Expression {
    if (max !== undefined && max < min) return never
    const [open = '', close = ''] = brackets
    const item = this.#rules.add('item', part)
    const more = this.#rules.add('more', sequence(this.comma, item))
    const items = sequence(item, repeat(more, Math.max(min - 1, 0), max === undefined ? undefined : max - 1), this.gap)
    const inside = max === 0 ? [] : [min === 0 ? optional(items) : items]
    return this.#rules.add(open === '{' ? 'object' : 'array', sequence(text(open), this.gap, ...inside, text(close)))
  }
}

export interface Count {
  readonly min: number
  readonly max: number | undefined
}

function unicodeEscape(): Expression {
  const hex = (count: number) => repeat(chars(hexDigit), count, count)
  const basic = choice(sequence(chars(without(hexDigit, charsOf('dD'))), hex(3)))
  const beforeSurrogates = sequence(chars(charsOf('dD')), chars(charsOf('01234567')), hex(2))
  const high = sequence(chars(charsOf('dD')), chars(charsOf('89abAB')), hex(2))
  const low = sequence(chars(charsOf('dD')), chars(charsOf('cdefCDEF')), hex(2))
  return sequence(text(String.raw`\u`), choice(basic, beforeSurrogates, sequence(high, text(String.raw`\u`), low)))
}
