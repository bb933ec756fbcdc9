import { limits, TooCostly } from './limits.ts'
import type { CharSet } from './char-set.ts'
import type { Expression } from './expression.ts'

/** Writes rules as GBNF, the first one under the name `root`. Throws `TooCostly` beyond the limits of size. */
export function writeGrammar(root: string, rules: ReadonlyMap<string, Expression>): string {
  const lines: string[] = []
  let length = 0
  for (const [name, expression] of rules) {
    const line = `${name === root ? 'root' : name} ::= ${write(expression, 'rule', root)}`
    length += line.length
    // A character of GBNF takes one byte here: whatever is not ASCII is written as an escape.
    if (length > limits.grammarBytes) throw new TooCostly(`its grammar is larger than ${limits.grammarBytes} bytes`)
    lines.push(line)
  }
  return `${lines.join('\n')}\n`
}

type Place = 'rule' | 'sequence' | 'repeat'

function write(expression: Expression, place: Place, root: string): string {
  switch (expression.type) {
    case 'text':
      return writeText(expression.text)
    case 'chars':
      return writeSet(expression.set)
    case 'rule':
      return expression.name === root ? 'root' : expression.name
    case 'sequence':
      return writeSequence(expression.parts, place, root)
    case 'choice':
      return inParentheses(expression.options.map(option => write(option, 'rule', root)).join(' | '), place !== 'rule')
    case 'repeat':
      return write(expression.part, 'repeat', root) + writeCount(expression.min, expression.max)
  }
}

function writeSequence(parts: readonly Expression[], place: Place, root: string): string {
  const written = parts.map(part => write(part, 'sequence', root)).join(' ')
  if (parts.length === 0) return '""'
  return inParentheses(written, place === 'repeat')
}

function inParentheses(written: string, needed: boolean): string {
  return needed ? `(${written})` : written
}

function writeCount(min: number, max: number | undefined): string {
  if (max === undefined) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}

function writeText(text: string): string {
  return `"${Array.from(text, char => writeChar(char.codePointAt(0) ?? 0, '"\\')).join('')}"`
}

function writeSet(set: CharSet): string {
  const written = set.map(([from, to]) => {
    const first = writeChar(from, special)
    return from === to ? first : `${first}-${writeChar(to, special)}`
  })
  return `[${written.join('')}]`
}

const special = '"\\[]-^'

function writeChar(codePoint: number, escaped: string): string {
  const char = String.fromCodePoint(codePoint)
  if (codePoint >= 0x20 && codePoint < 0x7f && !escaped.includes(char)) return char
  if (codePoint > 0xffff) return String.raw`\U${hex(codePoint, 8)}`
  return codePoint > 0xff ? String.raw`\u${hex(codePoint, 4)}` : String.raw`\x${hex(codePoint, 2)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
