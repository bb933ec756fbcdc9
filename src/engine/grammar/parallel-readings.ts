import { charSet, intersection } from './char-set.ts'
import type { CharSet } from './char-set.ts'
import type { Choice, Expression } from './expression.ts'
import { findEmpty, isEmpty, ruleOf, settle } from './grammar-analysis.ts'
import type { Rules, Values } from './grammar-analysis.ts'
import { limits, TooCostly } from './limits.ts'

/**
 * How many readings of the same text a rule may leave open at once, at most.
 * Throws `TooCostly` beyond the limit, which recursion between options that look alike always reaches.
 */
export function checkParallelReadings(rules: Rules): void {
  const leads = new Leads(rules)
  settle(rules, 1, (name, values) => {
    const readings = countReadings(ruleOf(rules, name), { values, leads })
    if (readings > limits.parallelReadings)
      throw new TooCostly(`more than ${limits.parallelReadings} of its alternatives look alike for too long`)
    return readings
  })
}

interface ReadingContext {
  readonly values: Values
  readonly leads: Leads
}

function countReadings(expression: Expression, context: ReadingContext): number {
  const most = (parts: readonly Expression[]) =>
    parts.reduce((most, part) => Math.max(most, countReadings(part, context)), 1)
  switch (expression.type) {
    case 'text':
    case 'chars':
      return 1
    case 'rule':
      return context.values.get(expression.name) ?? 1
    case 'sequence':
      return most(expression.parts)
    case 'choice':
      return expression.isDistinct ? most(expression.options) : countAmbiguous(expression, context)
    case 'repeat':
      return countReadings(expression.part, context)
  }
}

/* Options that cannot be told apart stay open together; each of them is counted with all that resemble it. */
function countAmbiguous({ options }: Choice, context: ReadingContext): number {
  const readings = options.map(option => countReadings(option, context))
  const leads = options.map(option => context.leads.of(option))
  const alike = leads.map(lead =>
    leads.reduce((sum, other, index) => sum + (areTellable(lead, other) ? 0 : (readings[index] ?? 1)), 0),
  )
  return Math.max(options.length, ...alike)
}

/* The first characters of what an expression matches: a set for each place, as far as they are the same in number. */
type Lead = readonly CharSet[]

/* `isWhole` says that the places are all there is, so that what follows continues them. */
interface Beginning {
  readonly places: Lead
  readonly isWhole: boolean
}

const leadLength = 64

function areTellable(a: Lead, b: Lead): boolean {
  return a.some((set, index) => {
    const other = b[index]
    return other !== undefined && intersection(set, other).length === 0
  })
}

class Leads {
  readonly #rules: Rules
  readonly #empty: Values
  readonly #known = new Map<string, Beginning>()
  readonly #firsts = new Map<string, CharSet>()

  constructor(rules: Rules) {
    this.#rules = rules
    this.#empty = findEmpty(rules)
  }

  of(expression: Expression): Lead {
    return this.#lead(expression).places
  }

  #lead(expression: Expression): Beginning {
    switch (expression.type) {
      case 'text':
        return { places: Array.from(expression.text, char => [pair(char)]).slice(0, leadLength), isWhole: true }
      case 'chars':
        return { places: [expression.set], isWhole: true }
      case 'rule':
        return this.#leadOfRule(expression.name)
      case 'sequence':
        return this.#leadOfSequence(expression.parts)
      case 'choice':
      case 'repeat':
        if (isEmpty(expression, this.#empty)) return { places: [], isWhole: false }
        return { places: [this.#first(expression)], isWhole: false }
    }
  }

  #leadOfRule(name: string): Beginning {
    if (isGap(name)) return { places: [], isWhole: true }
    const known = this.#known.get(name)
    if (known) return known
    const lead = this.#lead(ruleOf(this.#rules, name))
    this.#known.set(name, lead)
    return lead
  }

  #leadOfSequence(parts: readonly Expression[]): Beginning {
    const places: CharSet[] = []
    for (const part of parts) {
      const lead = this.#lead(part)
      places.push(...lead.places)
      if (!lead.isWhole || places.length >= leadLength) return { places: places.slice(0, leadLength), isWhole: false }
    }
    return { places, isWhole: true }
  }

  #first(expression: Expression): CharSet {
    switch (expression.type) {
      case 'text':
        return expression.text === '' ? [] : [pair(expression.text)]
      case 'chars':
        return expression.set
      case 'rule':
        return this.#firstOfRule(expression.name)
      case 'sequence':
        return this.#firstOfSequence(expression.parts)
      case 'choice':
        return charSet(expression.options.flatMap(option => this.#first(option)))
      case 'repeat':
        return this.#first(expression.part)
    }
  }

  #firstOfRule(name: string): CharSet {
    const known = this.#firsts.get(name)
    if (known) return known
    const first = this.#first(ruleOf(this.#rules, name))
    this.#firsts.set(name, first)
    return first
  }

  #firstOfSequence(parts: readonly Expression[]): CharSet {
    const sets: CharSet[] = []
    for (const part of parts) {
      sets.push(this.#first(part))
      if (!isEmpty(part, this.#empty)) break
    }
    return charSet(sets.flat())
  }
}

/** Optional white space between tokens of JSON; texts that differ apart from it differ. */
export function isGap(name: string): boolean {
  return name.startsWith('gap-')
}

function pair(text: string): readonly [number, number] {
  const codePoint = text.codePointAt(0) ?? 0
  return [codePoint, codePoint]
}
