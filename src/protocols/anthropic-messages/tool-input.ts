import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../json.ts'

// The wire has room for an object only, and what a model wrote must not be lost with what it could not spell.
const unparsed = 'unparsed_arguments'

/** Gives arguments as the object that the wire wants. Text that is no JSON object becomes the one field of one. */
export function encodeToolInput(text: string): JsonObject {
  if (text.trim() === '') return {}
  try {
    const input: Json = JSON.parse(text)
    if (isJsonObject(input)) return input
  } catch {
    // A model that ran out of tokens leaves its arguments unfinished.
  }
  return { [unparsed]: text }
}

/** Whether the arguments are an object that the wire can say as it is. */
export function isToolInput(text: string): boolean {
  return !isUnparsed(encodeToolInput(text))
}

/** Gives an object as the JSON text that a model would write for it. */
export function decodeToolInput(input: JsonObject): string {
  const text = input[unparsed]
  return isUnparsed(input) && typeof text === 'string' ? text : JSON.stringify(input)
}

function isUnparsed(input: JsonObject): boolean {
  return typeof input[unparsed] === 'string' && Object.keys(input).length === 1
}
