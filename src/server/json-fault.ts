/** Where a text stops being JSON, and what is wrong there. */
export interface JsonFault {
  readonly index: number
  readonly line: number
  readonly column: number
  readonly fault: string
}

/**
 * Finds the first fault of a text that is not JSON; undefined for one that is. Made for texts that `JSON.parse`
 * refused, since that does not always say where. Its depth is that of the text: guard the text first.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text)
  const fault = scanner.document()
  if (fault === undefined) return undefined
  const before = text.slice(0, scanner.index).split('\n')
  return { index: scanner.index, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, fault }
}

type Fault = string | undefined

const space = /[ \t\n\r]*/y
const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

class Scanner {
  index = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  document(): Fault {
    const fault = this.#value()
    if (fault !== undefined) return fault
    this.#skip(space)
    return this.index < this.#text.length ? 'unexpected text after the end' : undefined
  }

  #value(): Fault {
    this.#skip(space)
    const first = this.#text[this.index]
    if (first === undefined) return 'unexpected end'
    if (first === '"') return this.#string()
    if (first === '[') return this.#members(']', () => this.#value())
    if (first === '{') return this.#members('}', () => this.#pair())
    return this.#skip(literal) ? undefined : 'expected a value'
  }

  #members(close: string, member: () => Fault): Fault {
    this.index += 1
    this.#skip(space)
    if (this.#take(close)) return undefined
    for (;;) {
      const fault = member()
      if (fault !== undefined) return fault
      this.#skip(space)
      if (this.#take(close)) return undefined
      if (!this.#take(',')) return this.#missing(`"," or "${close}"`)
    }
  }

  #pair(): Fault {
    this.#skip(space)
    if (this.#text[this.index] !== '"') return this.#missing('a key in double quotes')
    const fault = this.#string()
    if (fault !== undefined) return fault
    this.#skip(space)
    return this.#take(':') ? this.#value() : this.#missing('":"')
  }

  #string(): Fault {
    this.index += 1
    for (;;) {
      const character = this.#text[this.index]
      if (character === undefined) return 'unexpected end in a string'
      if (character < ' ') return 'a control character in a string'
      if (character === '\\') {
        if (!this.#skip(escape)) return 'bad escape in a string'
        continue
      }
      this.index += 1
      if (character === '"') return undefined
    }
  }

  #missing(what: string): Fault {
    return this.index < this.#text.length ? `expected ${what}` : 'unexpected end'
  }

  #take(character: string): boolean {
    if (this.#text[this.index] !== character) return false
    this.index += 1
    return true
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.index
    const length = pattern.exec(this.#text)?.[0].length ?? 0
    this.index += length
    return length > 0
  }
}
