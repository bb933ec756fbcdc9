/** Where a text stops being JSON, and what is wrong there. */
export interface JsonFault {
  readonly index: number
  readonly line: number
  readonly column: number
  readonly fault: string
}

/**
 * Finds the first fault of a text that is not JSON, or holds a key twice in one object; undefined for one without.
 * Made for texts that `JSON.parse` refused or of which it kept less than there was, since it does not say where. Its
 * depth is that of the text: guard the text first.
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

const lettersTold = 64

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
    if (first === '{') return this.#object()
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

  #object(): Fault {
    const names = new Set<string>()
    return this.#members('}', () => this.#pair(names))
  }

  #pair(names: Set<string>): Fault {
    this.#skip(space)
    if (this.#text[this.index] !== '"') return this.#missing('a key in double quotes')
    const start = this.index
    const fault = this.#string() ?? this.#twin(start, names)
    if (fault !== undefined) return fault
    this.#skip(space)
    return this.#take(':') ? this.#value() : this.#missing('":"')
  }

  #twin(start: number, names: Set<string>): Fault {
    const name = String(JSON.parse(this.#text.slice(start, this.index)))
    if (!names.has(name)) return void names.add(name)
    this.index = start
    return `the key ${JSON.stringify(name.slice(0, lettersTold))} a second time`
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
