import type { Json, JsonObject } from '../../core/json.ts'

/* The native engine's templates know whole numbers of 64 bits, and fail for what is larger. */
const largest = 2 ** 63 - 1024

/* Their reader nests as deep as its stack allows, which is not much more. */
const deepest = 128

/**
 * Gives a JSON value as the native engine's templates can print it: larger numbers become the largest that they know.
 * Throws a `RangeError` for a value that is nested too deep.
 */
export function toTemplateValue(value: unknown, depth = 0): unknown {
  if (depth > deepest) throw new RangeError('the value is nested too deep for a template')
  if (typeof value === 'number') return Math.max(-largest, Math.min(value, largest))
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => toTemplateValue(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTemplateValue(item, depth + 1)]))
}

/** Gives an object with all of its texts, names of fields too, as `change` gives them. */
export function mapTexts(object: JsonObject | readonly Json[], change: (text: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [change(key), mapText(value, change)]))
}

/** The same for any value. */
export function mapText(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value)
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? value.map(item => mapText(item, change)) : mapTexts(value, change)
}
