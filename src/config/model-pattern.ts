import * as z from 'zod'
import { routeLimits } from '../core/route-limits.ts'
import type { ModelPattern } from '../core/route-rules.ts'
import { noText } from './values.ts'

const { letters: mostLetters } = routeLimits

/** Names of models as people write them: `gpt-5`, `claude-*`, `*-mini?`, or `/expression/`. */
export const modelPattern = z.string({ error: noText }).transform((text, context) => {
  const pattern = readPattern(text)
  const fault = faultOf(pattern)
  if (fault === undefined) return pattern
  context.addIssue(fault)
  return z.NEVER
})

function readPattern(text: string): ModelPattern {
  if (text.length > 1 && text.startsWith('/') && text.endsWith('/')) return { type: 'regex', text: text.slice(1, -1) }
  if (!/[*?]/.test(text)) return { type: 'exact', text }
  const isPrefix = /^[^*?]+\*$/.test(text)
  return isPrefix ? { type: 'prefix', text: text.slice(0, -1) } : { type: 'glob', text }
}

function faultOf({ text }: ModelPattern): string | undefined {
  if (text === '') return 'it must not be empty; write "*" for every model'
  return text.length > mostLetters ? `it must have at most ${mostLetters} letters` : undefined
}
