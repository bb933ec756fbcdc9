import type { JsonObject } from '../core/json.ts'
import type { Field } from './json.ts'

/** Reads the schema of a function's arguments, which are an object. A function without one takes none. */
export function decodeParameters(field: Field): JsonObject {
  const schema = field.maybe(field => field.object())
  if (!schema) return { type: 'object', properties: {} }
  const type = field.at('type')
  if (Array.isArray(type.value) && type.value.includes('object')) return schema
  type.maybe(type => type.oneOf(['object']))
  return schema
}
