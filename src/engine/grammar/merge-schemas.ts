import type { Json, JsonObject } from '../../core/json.ts'
import { isArray, isObject, itemsOf, namedTypes, objectAt, own, requiredOf, schemaTypes } from './json-schema.ts'
import type { SchemaType } from './json-schema.ts'

/**
 * Gives the schema of what matches both plain schemas, or `false` where their types exclude each other.
 * `conflicts` hears of keywords of which only the first schema's could be kept.
 */
export function mergeSchemas(a: JsonObject, b: JsonObject, conflicts: (keyword: string) => void): JsonObject | false {
  const types = commonTypes(a, b)
  if (types?.length === 0) return false
  const merged = new Map<string, Json>(Object.entries(a))
  for (const [keyword, theirs] of Object.entries(b)) {
    const ours = own(a, keyword)
    if (ours === undefined) merged.set(keyword, theirs)
    else merged.set(keyword, mergeKeyword(keyword, { ours, theirs, conflicts }))
  }
  if (types) merged.set('type', types)
  for (const [keyword, value] of mergeObjectKeywords(a, b)) merged.set(keyword, value)
  for (const [keyword, value] of mergeItems(a, b)) merged.set(keyword, value)
  merged.delete('additionalItems')
  return Object.fromEntries(merged)
}

function commonTypes(a: JsonObject, b: JsonObject): readonly SchemaType[] | undefined {
  const [ours, theirs] = [namedTypes(a), namedTypes(b)]
  if (!ours || !theirs) return ours ?? theirs
  const common = schemaTypes.filter(type => allows(ours, type) && allows(theirs, type))
  return common.includes('number') ? common.filter(type => type !== 'integer') : common
}

function allows(types: readonly SchemaType[], type: SchemaType): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

interface Clash {
  readonly ours: Json
  readonly theirs: Json
  readonly conflicts: (keyword: string) => void
}

const greatest = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'])
const least = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'])
const mergedApart = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'additionalItems',
])

function mergeKeyword(keyword: string, { ours, theirs, conflicts }: Clash): Json {
  if (typeof ours === 'number' && typeof theirs === 'number') {
    if (greatest.has(keyword)) return Math.max(ours, theirs)
    if (least.has(keyword)) return Math.min(ours, theirs)
  }
  if (keyword === 'enum') return commonValues(ours, theirs)
  if (!mergedApart.has(keyword) && JSON.stringify(ours) !== JSON.stringify(theirs)) conflicts(keyword)
  return ours
}

function commonValues(ours: Json, theirs: Json): Json {
  if (!isArray(ours) || !isArray(theirs)) return isArray(ours) ? ours : theirs
  const allowed = new Set(theirs.map(value => JSON.stringify(value)))
  return ours.filter(value => allowed.has(JSON.stringify(value)))
}

/* A schema's `additionalProperties` is about the names that its own `properties` lacks. */
function mergeObjectKeywords(a: JsonObject, b: JsonObject): readonly (readonly [string, Json])[] {
  const [ours, theirs] = [objectAt(a, 'properties'), objectAt(b, 'properties')]
  const [ourRest, theirRest] = [own(a, 'additionalProperties'), own(b, 'additionalProperties')]
  const required = new Set([...requiredOf(a), ...requiredOf(b)])
  const properties = new Map<string, Json>()
  for (const name of new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})])) {
    const mine = (ours && own(ours, name)) ?? ourRest
    const other = (theirs && own(theirs, name)) ?? theirRest
    properties.set(name, both(mine, other))
  }
  return [
    ...(properties.size > 0 ? [['properties', Object.fromEntries(properties)] as const] : []),
    ...(required.size > 0 ? [['required', [...required]] as const] : []),
    ...(ourRest === undefined && theirRest === undefined
      ? []
      : [['additionalProperties', both(ourRest, theirRest)] as const]),
  ]
}

/* A schema's `items` is about the places that its own `prefixItems` lacks. */
function mergeItems(a: JsonObject, b: JsonObject): readonly (readonly [string, Json])[] {
  const [ours, theirs] = [itemsOf(a), itemsOf(b)]
  const length = Math.max(ours.placed.length, theirs.placed.length)
  const placed = Array.from({ length }, (_, index) =>
    both(ours.placed[index] ?? ours.rest, theirs.placed[index] ?? theirs.rest),
  )
  const rest = both(ours.rest, theirs.rest)
  return [
    ...(placed.length > 0 ? [['prefixItems', placed] as const] : []),
    ...(rest === true ? [] : [['items', rest] as const]),
  ]
}

function both(a: Json | undefined, b: Json | undefined): Json {
  if (a === undefined || a === true || a === b) return b ?? true
  if (b === undefined || b === true) return a
  if (a === false || b === false) return false
  if (isObject(a) && Object.keys(a).length === 0) return b
  return { allOf: [a, b] }
}
