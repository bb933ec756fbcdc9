import { anyChar, charSet, charsOf, codePointOf, complement, digits, only } from './char-set.ts'
import type { CharRange, CharSet } from './char-set.ts'
import { limits } from './limits.ts'
import { anyText, charPattern, choicePattern, repeatPattern, sequencePattern } from './pattern.ts'
import type { Pattern } from './pattern.ts'

/**
 * Reads a regular expression of JavaScript's kind as the language of all texts that it matches somewhere.
 * Gives nothing for what is not regular or not known: look-around, back-references, word boundaries,
 * Unicode properties, flags, and anchors within an expression.
 */
export function readRegularExpression(source: string): Pattern | undefined {
  if (source.length > limits.patternLength) return undefined
  try {
    return new Reader(source).whole()
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

class Unreadable extends Error {}

const word = charSet([...charsOf('_'), ...digits, [0x41, 0x5a], [0x61, 0x7a]])
const space = charSet([[0x09, 0x0d], ...charsOf(' \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff'), [0x2000, 0x200a]])
const lineEnds = charsOf('\n\r\u2028\u2029')

const classes: Readonly<Record<string, CharSet>> = {
  d: digits,
  D: complement(digits),
  w: word,
  W: complement(word),
  s: space,
  S: complement(space),
}

const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 }

const quantifiers: Readonly<Record<string, readonly [number, number | undefined]>> = {
  '*': [0, undefined],
  '+': [1, undefined],
  '?': [0, 1],
}

const counted = /^\{(\d{1,4})(,(\d{0,4}))?\}/
const hexEscape = /^(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]{1,6})\})/i
const groupStart = /^\?(?::|<[a-z_]\w*>)/i

class Reader {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  /** A whole expression, whose alternatives may each be anchored. */
  whole(): Pattern {
    const options = [this.#anchored()]
    while (this.#take('|')) options.push(this.#anchored())
    if (this.#at < this.#source.length) throw new Unreadable()
    return choicePattern(...options)
  }

  #anchored(): Pattern {
    const before = this.#take('^') ? [] : [anyText]
    const middle = this.#sequence()
    const after = this.#take('$') ? [] : [anyText]
    return sequencePattern(...before, middle, ...after)
  }

  #sequence(): Pattern {
    const parts: Pattern[] = []
    for (let next = this.#peek(); next !== '' && !'|)$'.includes(next); next = this.#peek())
      parts.push(this.#quantified())
    return sequencePattern(...parts)
  }

  #quantified(): Pattern {
    const atom = this.#atom()
    const [min, max] = this.#quantifier() ?? [1, 1]
    if (max !== undefined && max < min) throw new Unreadable()
    return min === 1 && max === 1 ? atom : repeatPattern(atom, min, max)
  }

  #quantifier(): readonly [number, number | undefined] | undefined {
    const bounds = this.#count() ?? quantifiers[this.#peek()]
    if (!bounds) return undefined
    if (this.#peek() !== '{' && quantifiers[this.#peek()] === bounds) this.#at += 1
    // Laziness chooses among matches and changes nothing of the language.
    this.#take('?')
    return bounds
  }

  #count(): readonly [number, number | undefined] | undefined {
    const match = counted.exec(this.#rest(12))
    if (!match) return undefined
    this.#at += match[0].length
    const min = Number(match[1])
    if (match[2] === undefined) return [min, min]
    return [min, match[3] ? Number(match[3]) : undefined]
  }

  #atom(): Pattern {
    const char = this.#next()
    if (char === '(') return this.#group()
    if (char === '[') return charPattern(this.#class())
    if (char === '.') return charPattern(complement(lineEnds))
    if (char === '\\') return charPattern(this.#escape())
    if ('*+?^'.includes(char)) throw new Unreadable()
    return charPattern([only(codePointOf(char))])
  }

  #group(): Pattern {
    this.#depth += 1
    if (this.#depth > limits.patternDepth) throw new Unreadable()
    const start = groupStart.exec(this.#rest(64))
    if (start) this.#at += start[0].length
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    if (!this.#take(')')) throw new Unreadable()
    this.#depth -= 1
    return choicePattern(...options)
  }

  #class(): CharSet {
    const isNegated = this.#take('^')
    const ranges: CharRange[] = []
    while (!this.#take(']')) ranges.push(...this.#classRange())
    const set = charSet(ranges)
    return isNegated ? complement(set) : set
  }

  #classRange(): CharSet {
    const first = this.#classMember()
    if (this.#peek() !== '-' || this.#rest(2) === '-]') return first
    this.#at += 1
    const [[from, to] = [0, -1], ...others] = [...first, ...this.#classMember()]
    const last = others.at(0)
    const isRange = from === to && others.length === 1 && last && last[0] === last[1] && from <= last[0]
    if (!isRange) throw new Unreadable()
    return [[from, last[0]]]
  }

  #classMember(): CharSet {
    const char = this.#next()
    if (char !== '\\') return [only(codePointOf(char))]
    return this.#take('b') ? [only(8)] : this.#escape()
  }

  #escape(): CharSet {
    const hex = hexEscape.exec(this.#rest(10))
    if (hex) {
      this.#at += hex[0].length
      const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16)
      return anyChar.some(([from, to]) => from <= codePoint && codePoint <= to) ? [only(codePoint)] : []
    }
    const char = this.#next()
    const known = classes[char]
    if (known) return known
    const control = controls[char]
    if (control !== undefined) return [only(control)]
    if (/[\da-z]/i.test(char)) throw new Unreadable()
    return [only(codePointOf(char))]
  }

  #peek(): string {
    const codePoint = this.#source.codePointAt(this.#at)
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint)
  }

  #next(): string {
    const char = this.#peek()
    if (char === '') throw new Unreadable()
    this.#at += char.length
    return char
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#at += char.length
    return true
  }

  #rest(length: number): string {
    return this.#source.slice(this.#at, this.#at + length)
  }
}
