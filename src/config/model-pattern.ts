import * as z from 'zod'
import type { ModelPattern } from '../core/route-rules.ts'
import { noText } from './values.ts'

const mostLetters = 256

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

function faultOf({ type, text }: ModelPattern): string | undefined {
  if (text === '') return 'it must not be empty; write "*" for every model'
  if (text.length > mostLetters) return `it must have at most ${mostLetters} letters`
  // What looks ahead or back, or repeats what was found, cannot be matched in linear time.
  if (type === 'regex' && /\(\?<?[=!]|\\[1-9]|\\k</.test(text)) return 'look-around and back-references are not known'
  return type === 'regex' && !isExpression(text)
    ? 'it is no regular expression; see what stands between the slashes'
    : undefined
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}
