import type { CharSet } from './char-set.ts'

/** What a rule of a grammar may say. Text is what the model writes, not what a JSON value holds. */
export type Expression =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'chars'; readonly set: CharSet }
  | { readonly type: 'rule'; readonly name: string }
  | { readonly type: 'sequence'; readonly parts: readonly Expression[] }
  | Choice
  | Repeat

export interface Repeat {
  readonly type: 'repeat'
  readonly part: Expression
  readonly min: number
  readonly max: number | undefined
}

export interface Choice {
  readonly type: 'choice'
  readonly options: readonly Expression[]
  /** Whether a few characters tell the options apart, so that only one of them stays open for long. */
  readonly isDistinct: boolean
}

export function text(text: string): Expression {
  return { type: 'text', text }
}

export function chars(set: CharSet): Expression {
  return { type: 'chars', set }
}

export function sequence(...parts: readonly Expression[]): Expression {
  const flat = parts.flatMap(part => (part.type === 'sequence' ? part.parts : [part]))
  const [first] = flat
  return flat.length === 1 && first ? first : { type: 'sequence', parts: flat }
}

/** One of several things that the first few characters tell apart. No option at all is what nothing matches. */
export function choice(...options: readonly Expression[]): Expression {
  const [first] = options
  return options.length === 1 && first ? first : { type: 'choice', options, isDistinct: true }
}

/** One of several things that may look alike for long: how many readings stay open is counted when the grammar is built. */
export function ambiguousChoice(...options: readonly Expression[]): Expression {
  const different = [...new Map(options.map(option => [JSON.stringify(option), option])).values()]
  const [first] = different
  return different.length === 1 && first ? first : { type: 'choice', options: different, isDistinct: false }
}

export function repeat(part: Expression, min: number, max?: number): Expression {
  if (max === 0) return nothing
  return min === 1 && max === 1 ? part : { type: 'repeat', part, min, max }
}

export function optional(part: Expression): Expression {
  return repeat(part, 0, 1)
}

/** The empty text. */
export const nothing: Expression = { type: 'sequence', parts: [] }

/** What no text matches. */
export const never: Expression = { type: 'choice', options: [], isDistinct: true }

/** Every rule that an expression names, as often as it does. */
export function rulesIn(expression: Expression): readonly string[] {
  switch (expression.type) {
    case 'text':
    case 'chars':
      return []
    case 'rule':
      return [expression.name]
    case 'sequence':
      return expression.parts.flatMap(rulesIn)
    case 'choice':
      return expression.options.flatMap(rulesIn)
    case 'repeat':
      return rulesIn(expression.part)
  }
}
