import { escapeLetters } from '../core/escape-letters.ts'

/** Spells a text so that a header can hold it: what is not printable ASCII becomes an escape, as JSON has them. */
export function toHeaderText(text: string): string {
  return escapeLetters(text, /[^\u0020-\u007e]/g)
}
