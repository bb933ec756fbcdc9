import type { Json, JsonObject } from '../../src/core/json.ts'

/** A schema as an agent sends it, with values that match it and values that do not. */
export interface SchemaCase {
  readonly name: string
  readonly schema: JsonObject
  /** With properties in the schema's order. */
  readonly valid: readonly Json[]
  readonly invalid: readonly Json[]
}

export const text = { type: 'string' }
export const path = { type: 'string', description: 'Absolute path of the file' }
export const count = { type: 'integer', minimum: 0 }
export const flag = { type: 'boolean', default: false }

/** An object that has these properties and no others. */
export function object(properties: JsonObject, required: readonly string[] = [], more: JsonObject = {}): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false, ...more }
}
