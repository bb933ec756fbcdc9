/** What became of one character: whether it belonged to the value, and what of the value may be shown. */
export interface Copied {
  /**
   * `done`: the value ends with this character. `beyond`: it ended before.
   * `broken`: this cannot be JSON, and `text` is the rest as it came.
   */
  readonly status: 'taken' | 'done' | 'beyond' | 'broken'
  readonly text: string
}

type Expectation = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end'

const literals: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['null', 'null'],
  // Models that learned from Python write its words.
  ['True', 'true'],
  ['False', 'false'],
  ['None', 'null'],
])
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const literalCharacter = /[\w+.-]/
const space = /\s/
const escapable = '"\\/bfnrt'
const hexDigit = /[\da-fA-F]/
const mostDepth = 200

/**
 * Copies one JSON value out of text that comes a character at a time, as it comes.
 * It mends what can be mended without guessing: raw line breaks in strings, escapes that JSON lacks,
 * commas before an end, and the Python words for true, false and null.
 */
export class JsonCopier {
  readonly #open: ('{' | '[')[] = []
  #expects: Expectation = 'value'
  #inString: 'no' | 'text' | 'escape' | 'unicode' = 'no'
  /** The digits of an escape so far. */
  #digits = ''
  #literal = ''
  /** A comma and what follows it, until it is known that a value does. */
  #comma = ''

  take(char: string): Copied {
    if (this.#inString !== 'no') return this.#inText(char)
    if (this.#literal !== '' && literalCharacter.test(char)) {
      this.#literal += char
      return taken('')
    }
    const { held } = this
    const before = this.#endLiteral()
    if (before === undefined) return { status: 'broken', text: held + char }
    if (this.#isOver) return { status: 'beyond', text: before }
    const { status, text } = this.#between(char)
    return status === 'broken' ? { status, text: held + char } : { status, text: before + text }
  }

  /** What was taken and not shown yet, as it came. */
  get held(): string {
    const escape = { no: '', text: '', escape: '\\', unicode: `\\u${this.#digits}` }[this.#inString]
    return this.#comma + this.#literal + escape
  }

  /** What must follow for the value to be whole; undefined where that would be a guess. */
  closing(): string | undefined {
    const isWhole = this.#inString === 'no' && ['comma-or-end', 'key-or-end', 'value-or-end'].includes(this.#expects)
    const afterComma = this.#comma !== '' && this.#literal === '' && this.#inString === 'no'
    const literal = this.#literal === '' ? '' : toLiteral(this.#literal)
    if (literal === undefined || (literal === '' && !isWhole && !afterComma)) return undefined
    return (
      literal +
      this.#open
        .map(bracket => (bracket === '{' ? '}' : ']'))
        .toReversed()
        .join('')
    )
  }

  get isInString(): boolean {
    return this.#inString !== 'no'
  }

  get #isOver(): boolean {
    return this.#open.length === 0 && this.#expects === 'comma-or-end'
  }

  #inText(char: string): Copied {
    if (this.#inString === 'unicode') return this.#inUnicode(char)
    if (this.#inString === 'escape') return this.#inEscape(char)
    if (char === '\\') {
      this.#inString = 'escape'
      return taken('')
    }
    if (char !== '"') return taken(toInner(char))
    this.#inString = 'no'
    return { status: this.#isOver ? 'done' : 'taken', text: '"' }
  }

  #inEscape(char: string): Copied {
    this.#inString = char === 'u' ? 'unicode' : 'text'
    this.#digits = ''
    if (char === 'u') return taken('')
    return taken(escapable.includes(char) ? `\\${char}` : `\\\\${toInner(char)}`)
  }

  #inUnicode(char: string): Copied {
    if (hexDigit.test(char)) {
      this.#digits += char
      if (this.#digits.length < 4) return taken('')
      this.#inString = 'text'
      return taken(`\\u${this.#digits}`)
    }
    this.#inString = 'text'
    const { status, text } = this.#inText(char)
    return { status, text: `\\\\u${this.#digits}${text}` }
  }

  #between(char: string): Copied {
    if (space.test(char)) return this.#space(char)
    switch (char) {
      case '"':
        return this.#startString()
      case '{':
      case '[':
        return this.#startContainer(char)
      case '}':
      case ']':
        return this.#endContainer(char)
      case ':':
        return this.#expect('colon', 'value', ':')
      case ',':
        return this.#startNext()
    }
    if (!this.#wantsValue || !literalCharacter.test(char)) return broken
    this.#literal = char
    return taken(this.#takeComma())
  }

  get #wantsValue(): boolean {
    return this.#expects === 'value' || this.#expects === 'value-or-end'
  }

  #space(char: string): Copied {
    if (this.#comma === '') return taken(this.#open.length === 0 ? '' : char)
    this.#comma += char
    return taken('')
  }

  #startString(): Copied {
    const isKey = this.#expects === 'key' || this.#expects === 'key-or-end'
    if (!isKey && !this.#wantsValue) return broken
    this.#inString = 'text'
    this.#expects = isKey ? 'colon' : 'comma-or-end'
    return taken(`${this.#takeComma()}"`)
  }

  #startContainer(char: '{' | '['): Copied {
    if (!this.#wantsValue || this.#open.length === mostDepth) return broken
    this.#open.push(char)
    this.#expects = char === '{' ? 'key-or-end' : 'value-or-end'
    return taken(this.#takeComma() + char)
  }

  #endContainer(char: '}' | ']'): Copied {
    const opened = char === '}' ? '{' : '['
    const mayEnd = this.#comma !== '' || this.#expects.endsWith('-or-end')
    if (this.#open.at(-1) !== opened || !mayEnd) return broken
    this.#open.pop()
    this.#comma = ''
    this.#expects = 'comma-or-end'
    return { status: this.#isOver ? 'done' : 'taken', text: char }
  }

  #startNext(): Copied {
    if (this.#expects !== 'comma-or-end') return broken
    this.#expects = this.#open.at(-1) === '{' ? 'key' : 'value'
    this.#comma = ','
    return taken('')
  }

  #expect(expected: Expectation, next: Expectation, text: string): Copied {
    if (this.#expects !== expected) return broken
    this.#expects = next
    return taken(text)
  }

  #takeComma(): string {
    const comma = this.#comma
    this.#comma = ''
    return comma
  }

  /** Ends a number or a word; undefined where it is none. */
  #endLiteral(): string | undefined {
    if (this.#literal === '') return ''
    const literal = toLiteral(this.#literal)
    this.#literal = ''
    this.#expects = 'comma-or-end'
    return literal
  }
}

const broken: Copied = { status: 'broken', text: '' }

function taken(text: string): Copied {
  return { status: 'taken', text }
}

function toLiteral(text: string): string | undefined {
  return number.test(text) ? text : literals.get(text)
}

/** A character as it stands within a JSON string. */
function toInner(char: string): string {
  return char < ' ' ? JSON.stringify(char).slice(1, -1) : char
}
