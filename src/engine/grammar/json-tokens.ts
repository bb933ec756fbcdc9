const space = /[\s\u{feff}]/u
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const scalarBeforeMore = /[+-]?[\d.][\d.eE+-]*(?=\s*["'\]},])|[A-Za-z]+(?=\s*["'\]},])/
const endsWord = /[\s,:{}[\]"]/
const endsBareValue = /[,{}[\]\n]/

const words: Readonly<Record<string, string>> = {
  true: 'true',
  false: 'false',
  null: 'null',
  True: 'true',
  False: 'false',
  None: 'null',
  undefined: 'null',
  NaN: 'null',
  Infinity: 'null',
  '-Infinity': 'null',
}

const quotes: Readonly<Record<string, string>> = { '"': '"', "'": "'", '“': '”', '`': '`' }
const keptEscapes = '"\\/bfnrt'

/** Reads what looks like JSON piece by piece, and gives each piece as JSON. Each character is read a bounded number of times. */
export class JsonTokens {
  readonly #text: string
  #at: number

  constructor(text: string, start: number) {
    this.#text = text
    this.#at = start
  }

  /** The next character after white space and comments; empty at the end. */
  peek(): string {
    for (;;) {
      const char = this.#text.charAt(this.#at)
      if (char !== '' && space.test(char)) this.#at += 1
      else if (!this.#skipComment(char)) return char
    }
  }

  take(): string {
    const char = this.peek()
    this.#at += char.length
    return char
  }

  /** A key as JSON, in quotes or not; nothing where the text breaks off within it. */
  key(): string | undefined {
    const quote = quotes[this.peek()]
    if (quote !== undefined) {
      this.#at += 1
      const { json, isWhole } = this.#string(quote, ':=')
      return isWhole ? json : undefined
    }
    const word = this.#until(endsWord)
    if (word !== '') return JSON.stringify(word)
    this.#at += 1
    return undefined
  }

  /** A value that is no object and no array, as JSON. */
  value(): string {
    const quote = quotes[this.peek()]
    if (quote !== undefined) {
      this.#at += 1
      return this.#string(quote, ',}]').json
    }
    const word = this.#scalar() ?? this.#until(endsBareValue).trim()
    const known = Object.hasOwn(words, word) ? words[word] : undefined
    return known ?? (jsonNumber.test(word) ? word : otherValue(word))
  }

  #until(end: RegExp): string {
    const start = this.#at
    while (this.#at < this.#text.length && !end.test(this.#text.charAt(this.#at))) this.#at += 1
    return this.#text.slice(start, this.#at)
  }

  /* A number or a word of its own, also where the comma after it is missing. */
  #scalar(): string | undefined {
    const scalar = new RegExp(scalarBeforeMore, 'y')
    scalar.lastIndex = this.#at
    const word = scalar.exec(this.#text)?.[0]
    this.#at += word?.length ?? 0
    return word
  }

  #skipComment(char: string): boolean {
    if (char !== '/') return false
    const kind = this.#text.charAt(this.#at + 1)
    if (kind !== '/' && kind !== '*') return false
    const end = this.#text.indexOf(kind === '/' ? '\n' : '*/', this.#at + 2)
    this.#at = end < 0 ? this.#text.length : end + (kind === '/' ? 1 : 2)
    return true
  }

  /* Reads past the closing quote. A quote is only taken for it where what follows could follow a string. */
  #string(quote: string, followers: string): { readonly json: string; readonly isWhole: boolean } {
    const parts: string[] = []
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at)
      this.#at += 1
      if (char === quote && this.#isClosing(followers)) return { json: `"${parts.join('')}"`, isWhole: true }
      parts.push(char === '\\' ? this.#escape() : inString(char))
    }
    return { json: `"${parts.join('')}"`, isWhole: false }
  }

  #isClosing(followers: string): boolean {
    let at = this.#at
    for (let char = this.#text.charAt(at); char !== '' && space.test(char); char = this.#text.charAt(at)) {
      if (char === '\n') return true
      at += 1
    }
    const next = this.#text.charAt(at)
    return next === '' || followers.includes(next)
  }

  /* What stands after a backslash. An escape that JSON lacks is mostly one of a path or of an expression, and kept as text. */
  #escape(): string {
    const char = this.#text.charAt(this.#at)
    if (char === '') return ''
    this.#at += 1
    if (keptEscapes.includes(char)) return `\\${char}`
    if (char === "'" || char === '`') return char
    if (char === '\n') return String.raw`\n`
    if (char !== 'u' && char !== 'x') return String.raw`\\${inString(char)}`
    return this.#codeEscape(char, char === 'u' ? 4 : 2)
  }

  #codeEscape(char: string, digits: number): string {
    const hex = this.#text.slice(this.#at, this.#at + digits)
    const isHex = /^[\da-f]+$/i.test(hex)
    if (isHex && hex.length === digits) {
      this.#at += digits
      return String.raw`\u${hex.padStart(4, '0')}`
    }
    const breaksOff = this.#at + hex.length >= this.#text.length && (hex === '' || isHex)
    if (!breaksOff) return `\\\\${char}`
    this.#at = this.#text.length
    return ''
  }
}

function inString(char: string): string {
  return JSON.stringify(char).slice(1, -1)
}

/* Numbers that other languages write, and bare words. */
function otherValue(word: string): string {
  const number = /^[+-]?[\d.][\d.eE+-]*$/.test(word) ? Number(word) : Number.NaN
  return Number.isFinite(number) ? JSON.stringify(number) : JSON.stringify(word)
}
