import { anyChar, charsOf } from './char-set.ts'
import type { CharSet } from './char-set.ts'

/** A regular language over characters. */
export type Pattern =
  | { readonly type: 'chars'; readonly set: CharSet }
  | { readonly type: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly type: 'choice'; readonly options: readonly Pattern[] }
  | { readonly type: 'repeat'; readonly part: Pattern; readonly min: number; readonly max: number | undefined }

export function charPattern(set: CharSet): Pattern {
  return { type: 'chars', set }
}

export function sequencePattern(...parts: readonly Pattern[]): Pattern {
  return { type: 'sequence', parts }
}

export function choicePattern(...options: readonly Pattern[]): Pattern {
  return { type: 'choice', options }
}

export function repeatPattern(part: Pattern, min: number, max?: number): Pattern {
  return { type: 'repeat', part, min, max }
}

/** Exactly this text. */
export function textPattern(text: string): Pattern {
  return sequencePattern(...Array.from(text, char => charPattern(charsOf(char))))
}

/** Any text, also none. */
export const anyText: Pattern = repeatPattern(charPattern(anyChar), 0)
