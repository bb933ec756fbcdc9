import { ModelError } from '../core/errors.ts'

/** How deep and how wide a JSON text may be, whatever its bytes. */
export interface JsonLimits {
  readonly maxDepth: number
  readonly maxNodes: number
}

export const defaultJsonLimits: JsonLimits = { maxDepth: 128, maxNodes: 500_000 }

const quote = 0x22
const backslash = 0x5c
const isString = 1
const isOpening = 2
const isClosing = 3
const isComma = 4

/** What each byte means outside of strings; zero for what does not matter here. */
const meaning = new Uint8Array(256)
meaning[quote] = isString
meaning[0x5b] = meaning[0x7b] = isOpening
meaning[0x5d] = meaning[0x7d] = isClosing
meaning[0x2c] = isComma

/**
 * Refuses a JSON text that would cost more to handle than it did to send, before anything is built from it.
 * The count of values is exact but for empty arrays and objects, which count twice. What is not JSON may pass.
 */
export function guardJson(bytes: Uint8Array, limits: JsonLimits = defaultJsonLimits): void {
  let depth = 0
  let nodes = 1
  for (let index = 0; index < bytes.length; index += 1) {
    const kind = meaning[bytes[index] ?? 0]
    if (kind === 0) continue
    if (kind === isString) {
      index = endOfString(bytes, index + 1)
    } else if (kind === isClosing) {
      depth -= 1
    } else {
      nodes += 1
      if (kind === isOpening) depth += 1
      if (depth > limits.maxDepth) throw refusal(`nested more than ${limits.maxDepth} levels deep`)
      if (nodes > limits.maxNodes) throw refusal(`made of more than ${limits.maxNodes} values`)
    }
  }
}

function refusal(fault: string): ModelError {
  return new ModelError('invalid-request', `the request body is ${fault}; send less at a time`)
}

/** Short strings are cheaper to walk than to search. */
const walked = 32

/** Gives the place of the quote that ends a string, or the end of the text. */
function endOfString(bytes: Uint8Array, start: number): number {
  const walkEnd = Math.min(start + walked, bytes.length)
  let index = start
  for (; index < walkEnd; index += 1) {
    const byte = bytes[index]
    if (byte === quote) return index
    if (byte === backslash) index += 1
  }
  return searchQuote(bytes, index)
}

/** Goes from quote to quote. One after an odd number of backslashes is part of the string. */
function searchQuote(bytes: Uint8Array, start: number): number {
  for (let from = start; ;) {
    const found = bytes.indexOf(quote, from)
    if (found === -1) return bytes.length
    let run = found
    while (run > start && bytes[run - 1] === backslash) run -= 1
    if ((found - run) % 2 === 0) return found
    from = found + 1
  }
}
