import { ModelError } from '../../core/errors.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openers: ReadonlySet<number> = new Set([0x7b, 0x5b])
const closers: ReadonlySet<number> = new Set([0x7d, 0x5d])
const spaces: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * Gives a JSON object's bytes with another model in them and everything else as it was. Each top-level member of that
 * name is changed, however its letters are written: upstreams differ in which of several they read, and some do not
 * tell capitals. The body must be known to be JSON.
 */
export function spliceModel(body: Uint8Array, model: string): Uint8Array {
  const name = Buffer.from(JSON.stringify(model))
  const pieces: Uint8Array[] = []
  let kept = 0
  for (const { from, to } of modelValues(body)) {
    pieces.push(body.subarray(kept, from), name)
    kept = to
  }
  if (kept === 0) throw new ModelError('invalid-request', 'model: Field required', { field: ['model'] })
  return Buffer.concat([...pieces, body.subarray(kept)])
}

interface Extent {
  readonly from: number
  readonly to: number
}

function* modelValues(body: Uint8Array): Generator<Extent> {
  let at = skipSpaces(body, 0)
  if (!openers.has(body[at] ?? 0)) return
  at = skipSpaces(body, at + 1)
  while (body[at] === quote) {
    const keyEnd = endOfString(body, at)
    const isModel = nameIn(body.subarray(at, keyEnd)) === 'model'
    const valueStart = skipSpaces(body, skipSpaces(body, keyEnd, colon))
    const valueEnd = endOfValue(body, valueStart)
    if (isModel) yield { from: valueStart, to: valueEnd }
    at = skipSpaces(body, skipSpaces(body, valueEnd, comma))
  }
}

function nameIn(key: Uint8Array): string {
  // A long name is not the one that is looked for, even with every letter escaped.
  if (key.length > 64) return ''
  const name: unknown = JSON.parse(Buffer.from(key).toString())
  return typeof name === 'string' ? name.toLowerCase() : ''
}

/** Skips white space, and one given letter after it. */
function skipSpaces(body: Uint8Array, start: number, letter?: number): number {
  let at = start
  while (spaces.has(body[at] ?? 0)) at += 1
  return letter !== undefined && body[at] === letter ? at + 1 : at
}

function endOfString(body: Uint8Array, start: number): number {
  let at = start + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at + 1
}

function endOfValue(body: Uint8Array, start: number): number {
  if (body[start] === quote) return endOfString(body, start)
  return openers.has(body[start] ?? 0) ? endOfNested(body, start) : endOfWord(body, start)
}

function endOfNested(body: Uint8Array, start: number): number {
  let depth = 0
  let at = start
  do {
    const byte = body[at] ?? 0
    if (openers.has(byte)) depth += 1
    else if (closers.has(byte)) depth -= 1
    at = byte === quote ? endOfString(body, at) : at + 1
  } while (depth > 0 && at < body.length)
  return at
}

/** A number, or one of the three words. */
function endOfWord(body: Uint8Array, start: number): number {
  let at = start
  while (at < body.length && !endsWord(body[at] ?? 0)) at += 1
  return at
}

function endsWord(byte: number): boolean {
  return byte === comma || closers.has(byte) || spaces.has(byte)
}
