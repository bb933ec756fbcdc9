import type { Json, JsonObject } from '../../../core/json.ts'
import { parseJson } from '../../grammar/parse-json.ts'
import type { ToolSchemas } from './output-event.ts'

/** Whether a call without any arguments can be what the model meant. */
export function mayLackArguments(name: string, tools: ToolSchemas): boolean {
  const required = tools.get(name)?.['required']
  return !Array.isArray(required) || required.length === 0
}

/**
 * Gives a parameter that was written as plain text as JSON text, of the type that the tool's schema says.
 * Text that does not fit any other type stays a string.
 */
export function toTypedJson(
  text: string,
  { name, key, tools }: { name: string; key: string; tools: ToolSchemas },
): string {
  const types = typesOf(tools.get(name), key)
  const value = parseJson(text.trim())
  const fits = value !== undefined && (types === undefined ? !isScalarText(value) : types.has(typeOf(value)))
  return fits ? JSON.stringify(value) : JSON.stringify(text)
}

/** The types that a schema allows for one property; undefined where it does not say. */
function typesOf(schema: JsonObject | undefined, key: string): ReadonlySet<string> | undefined {
  const property = isObject(schema?.['properties']) ? schema['properties'][key] : undefined
  return isObject(property) ? allowedTypes(property) : undefined
}

function allowedTypes(schema: JsonObject): ReadonlySet<string> | undefined {
  const { type, enum: values, anyOf, oneOf } = schema
  if (typeof type === 'string') return withNumbers([type])
  if (Array.isArray(type)) return withNumbers(type.map(String))
  if (Array.isArray(values)) return new Set(values.map(typeOf))
  const choices = Array.isArray(anyOf) ? anyOf : oneOf
  if (!Array.isArray(choices)) return undefined
  const each = choices.map(choice => (isObject(choice) ? allowedTypes(choice) : undefined))
  return each.some(types => types === undefined) ? undefined : new Set(each.flatMap(types => [...(types ?? [])]))
}

function withNumbers(types: readonly string[]): ReadonlySet<string> {
  return new Set(types.includes('integer') ? [...types, 'number'] : types)
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

/* Without a schema, digits and words may be meant as text, as a postcode is; a structure is not. */
function isScalarText(value: Json): boolean {
  return typeof value === 'string'
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
