import { ModelError } from '../core/errors.ts'

/** How deep and how wide a JSON text may be, whatever its bytes. */
export interface JsonLimits {
  readonly maxDepth: number
  readonly maxNodes: number
}

/** What a look at the bytes of a JSON text told. */
export interface JsonGlance {
  /** Whether a short string spells an ASCII letter as an escape, as one does that hides what it is. */
  readonly hasMaskedString: boolean
  /** The members of all its objects, those of the same name each for itself. */
  readonly members: number
}

export const defaultJsonLimits: JsonLimits = { maxDepth: 128, maxNodes: 500_000 }

const quote = 0x22
const comma = 0x2c
const zero = 0x30
const colon = 0x3a
const firstBracket = 0x5b
const backslash = 0x5c
const letterU = 0x75

/**
 * Refuses a JSON text that would cost more to handle than it did to send, before anything is built from it.
 * The count of values is exact but for empty arrays and objects, which count twice. What is not JSON may pass.
 */
export function guardJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): JsonGlance {
  const strings = new StringScanner(bytes)
  const { maxDepth, maxNodes } = limits
  const { length } = bytes
  let depth = 0
  let nodes = 1
  let members = 0
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[index] ?? 0
    if (byte === quote) index = strings.endOf(index + 1)
    else if (byte === comma) nodes += 1
    else if (byte === colon) members += 1
    else if (byte < firstBracket) continue
    else if (isOpening(byte)) {
      nodes += 1
      depth += 1
    } else if (isClosing(byte)) depth -= 1
    if (depth > maxDepth) throw refusal(`nested more than ${maxDepth} levels deep`)
    if (nodes > maxNodes) throw refusal(`made of more than ${maxNodes} values`)
  }
  return { hasMaskedString: strings.hasMasked, members }
}

/** The square and the curly bracket of a side differ in one bit. */
const bracketBits = 0xdf

function isOpening(byte: number): boolean {
  return (byte & bracketBits) === 0x5b
}

function isClosing(byte: number): boolean {
  return (byte & bracketBits) === 0x5d
}

function refusal(fault: string): ModelError {
  return new ModelError('invalid-request', `the request body is ${fault}; send less at a time`)
}

/**
 * Short strings are cheaper to walk than to search. As long as this are those that are watched for masks: a key of
 * nine letters, each of them an escape.
 */
const walked = 9 * String.raw`\u0000`.length + 1

class StringScanner {
  hasMasked = false
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Gives the place of the quote that ends the string of which `start` is the first byte, or the end of the text. */
  endOf(start: number): number {
    const { length } = this.#bytes
    let index = this.#walk(start)
    while (index < length && this.#bytes[index] !== quote) {
      index = this.#search(index)
      // Where one quote is escaped others may be, and then walking is cheaper again.
      if (index < 0) index = this.#walk(-index)
    }
    return index
  }

  /** Goes on byte by byte, up to the quote that ends the string or so many bytes further. */
  #walk(start: number): number {
    const bytes = this.#bytes
    const end = Math.min(start + walked, bytes.length)
    let index = start
    for (; index < end; index += 1) {
      const byte = bytes[index]
      if (byte === quote) return index
      if (byte !== backslash) continue
      index += 1
      if (bytes[index] === letterU && bytes[index + 1] === zero && bytes[index + 2] === zero) this.hasMasked = true
    }
    return index
  }

  /** Goes to the next quote. After an odd number of backslashes it is part of the string: then the place after it, negated. */
  #search(start: number): number {
    const bytes = this.#bytes
    const found = bytes.indexOf(quote, start)
    if (found === -1) return bytes.length
    let run = found
    while (run > start && bytes[run - 1] === backslash) run -= 1
    return (found - run) % 2 === 0 ? found : -(found + 1)
  }
}
