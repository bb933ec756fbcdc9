import type { Json, JsonObject } from '../../core/json.ts'

/** The types that JSON Schema names. */
export const schemaTypes = ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null'] as const

export type SchemaType = (typeof schemaTypes)[number]

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

const typeChecks: Readonly<Record<SchemaType, (value: Json) => boolean>> = {
  object: isObject,
  array: isArray,
  string: value => typeof value === 'string',
  integer: value => typeof value === 'number' && Number.isInteger(value),
  number: value => typeof value === 'number',
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
}

export function isOfType(value: Json, type: SchemaType): boolean {
  return typeChecks[type](value)
}

/** Gives a field that the object itself has, so that `constructor` is no field of every object. */
export function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

export function objectAt(schema: JsonObject, keyword: string): JsonObject | undefined {
  const value = own(schema, keyword)
  return isObject(value) ? value : undefined
}

export function listAt(schema: JsonObject, keyword: string): readonly Json[] | undefined {
  const value = own(schema, keyword)
  return isArray(value) ? value : undefined
}

export function stringAt(schema: JsonObject, keyword: string): string | undefined {
  const value = own(schema, keyword)
  return typeof value === 'string' ? value : undefined
}

export function numberAt(schema: JsonObject, keyword: string): number | undefined {
  const value = own(schema, keyword)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A number of things: what is negative or broken counts as absent. */
export function countAt(schema: JsonObject, keyword: string): number | undefined {
  const value = numberAt(schema, keyword)
  return value !== undefined && value >= 0 ? Math.floor(value) : undefined
}

/** The names that `required` lists, each once. */
export function requiredOf(schema: JsonObject): ReadonlySet<string> {
  return new Set((listAt(schema, 'required') ?? []).filter(name => typeof name === 'string'))
}

/** The types that `type` names, or nothing where it says nothing of use. */
export function namedTypes(schema: JsonObject): readonly SchemaType[] | undefined {
  const type = own(schema, 'type')
  const names = isArray(type) ? type : [type]
  const known = schemaTypes.filter(name => names.includes(name))
  return known.length > 0 ? known : undefined
}

/** The schemas of an array's items: those of the places that have their own, and that of all others. */
export interface Items {
  readonly placed: readonly Json[]
  readonly rest: Json
}

/** Reads the schemas of items. Until 2019, `items` itself listed the placed ones, and `additionalItems` spoke of the others. */
export function itemsOf(schema: JsonObject): Items {
  const items = own(schema, 'items')
  if (isArray(items)) return { placed: items, rest: own(schema, 'additionalItems') ?? true }
  return { placed: listAt(schema, 'prefixItems') ?? [], rest: items ?? true }
}

const pointerEscapes: Readonly<Record<string, string>> = { '~0': '~', '~1': '/' }

/** Finds what a `$ref` within the same document points at. Nothing is ever fetched. */
export function resolveReference(root: Json, reference: string): Json | undefined {
  if (!reference.startsWith('#')) return undefined
  const steps = decodePointer(reference.slice(1))
  if (steps === undefined) return undefined
  let at: Json | undefined = root
  for (const step of steps) {
    if (isObject(at)) at = own(at, step)
    else if (isArray(at)) at = /^\d{1,6}$/.test(step) ? at[Number(step)] : undefined
    else return undefined
  }
  return at
}

function decodePointer(pointer: string): readonly string[] | undefined {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) return undefined
  try {
    const steps = decodeURIComponent(pointer).slice(1).split('/')
    return steps.map(step => step.replaceAll(/~[01]/g, code => pointerEscapes[code] ?? code))
  } catch {
    return undefined
  }
}

/** The lowest and highest value of a number, each with whether it is itself allowed. */
export interface Bounds {
  readonly low: Bound | undefined
  readonly high: Bound | undefined
}

export interface Bound {
  readonly value: number
  readonly isIncluded: boolean
}

/** Reads the bounds of a number, in the spelling of every draft. */
export function boundsOf(schema: JsonObject): Bounds {
  const bound = (inclusive: string, exclusive: string): readonly Bound[] => {
    const value = numberAt(schema, inclusive)
    const beyond = numberAt(schema, exclusive)
    // Draft 4 has a boolean beside the bound.
    const isIncluded = own(schema, exclusive) !== true
    return [
      ...(value === undefined ? [] : [{ value, isIncluded }]),
      ...(beyond === undefined ? [] : [{ value: beyond, isIncluded: false }]),
    ]
  }
  return {
    low: strictest(bound('minimum', 'exclusiveMinimum'), 1),
    high: strictest(bound('maximum', 'exclusiveMaximum'), -1),
  }
}

/* `sign` is 1 for bounds from below. Of equal bounds the one that excludes is stricter. */
function strictest(bounds: readonly Bound[], sign: 1 | -1): Bound | undefined {
  return [...bounds].sort((a, b) => sign * (b.value - a.value) || Number(a.isIncluded) - Number(b.isIncluded))[0]
}
