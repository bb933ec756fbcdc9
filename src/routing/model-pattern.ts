import { RE2JS } from 're2js'
import { routeLimits } from '../core/route-limits.ts'
import type { ModelPattern } from '../core/route-rules.ts'

/** Tells whether a whole text is meant. It takes time in proportion to the text, whatever the pattern. */
export type Matcher = (text: string) => boolean

const { letters: mostLetters } = routeLimits

/** How letters are compared: as they are written, or big ones and small ones alike. */
export interface Comparison {
  readonly ignoresCase?: boolean
}

/** Makes a pattern ready to match. Throws an `Error` that says what is wrong with it. */
export function compilePattern({ type, text }: ModelPattern, comparison: Comparison = {}): Matcher {
  if (text === '') throw new Error('is empty; "*" as a glob matches every name')
  if (text.length > mostLetters) throw new Error(`is ${text.length} letters long; ${mostLetters} are allowed`)
  switch (type) {
    case 'exact':
      return comparison.ignoresCase ? compileExpression(RE2JS.quote(text), comparison) : name => name === text
    case 'prefix':
      return comparison.ignoresCase
        ? compileExpression(`${RE2JS.quote(text)}.*`, comparison)
        : name => name.startsWith(text)
    case 'glob':
      return compileGlob(text, comparison)
    case 'regex':
      return compileExpression(text, comparison)
  }
}

/** Makes a glob ready to match: `*` stands for any letters, also none, and `?` for one. */
export function compileGlob(glob: string, comparison: Comparison = {}): Matcher {
  if (!/[*?]/.test(glob) && !comparison.ignoresCase) return text => text === glob
  if (glob.length > mostLetters) throw new Error(`is ${glob.length} letters long; ${mostLetters} are allowed`)
  const parts = glob.split(/(\*+|\?)/).map(part => {
    if (part.startsWith('*')) return '.*'
    return part === '?' ? '.' : RE2JS.quote(part)
  })
  return compileExpression(parts.join(''), comparison)
}

/* RE2 walks all alternatives at once instead of one after the other, so no expression can take for ever. */
function compileExpression(text: string, { ignoresCase = false }: Comparison): Matcher {
  try {
    const expression = RE2JS.compile(text, ignoresCase ? RE2JS.DOTALL | RE2JS.CASE_INSENSITIVE : RE2JS.DOTALL)
    return name => expression.testExact(name)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'unreadable'
    throw new Error(
      `is no regular expression that can be used (${reason}); look-around and back-references are not known`,
      { cause: error },
    )
  }
}
