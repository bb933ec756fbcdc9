import type { Json, JsonObject } from '../../core/json.ts'
import { isArray, isObject, listAt, objectAt, own, requiredOf } from './json-schema.ts'
import { limits } from './limits.ts'

/** What a keyword demands under a condition, as schemas of which one must match: with the condition, and without. */
export interface Condition {
  readonly keyword: string
  readonly options: readonly JsonObject[]
}

/** The conditions of a schema that such options can say: those on declared properties, and on their listed values. */
export function conditionsOf(schema: JsonObject): readonly Condition[] {
  const declared = objectAt(schema, 'properties')
  if (!declared) return []
  const choice = own(schema, 'if') === undefined ? undefined : ifOptions(schema, declared)
  return [...presenceConditions(schema, declared), ...(choice ? [{ keyword: 'if', options: choice }] : [])]
}

function presenceConditions(schema: JsonObject, declared: JsonObject): readonly Condition[] {
  const needed = Object.entries(objectAt(schema, 'dependentRequired') ?? {})
  if (2 ** needed.length > limits.conditionalAlternatives) return []
  if (needed.some(([name, names]) => !Object.hasOwn(declared, name) || !isArray(names))) return []
  return needed.map(([name, names]) => ({
    keyword: 'dependentRequired',
    options: [{ properties: { [name]: false } }, { required: [name, ...(isArray(names) ? names : [])] }],
  }))
}

/* Its opposite can be said where the condition is on one property, of which all values are listed. */
function ifOptions(schema: JsonObject, declared: JsonObject): readonly JsonObject[] | undefined {
  const condition = objectAt(schema, 'if') ?? {}
  const [only, ...more] = Object.entries(objectAt(condition, 'properties') ?? {})
  const isPlain = Object.keys(condition).every(keyword => keyword === 'properties' || keyword === 'required')
  if (!only || more.length > 0 || !isPlain) return undefined
  const [name, wanted] = only
  const [met, all] = [listedValues(wanted), listedValues(own(declared, name))]
  const required = requiredOf(condition)
  if (!met || !all || [...required].some(each => each !== name)) return undefined
  const known = new Set(met)
  const others = all.filter(value => !known.has(value))
  const [yes, no] = [own(schema, 'then') ?? true, own(schema, 'else') ?? true]
  const mustBe = (values: readonly Json[], isRequired: boolean): JsonObject => ({
    properties: { [name]: values.length > 0 && { enum: values } },
    ...(isRequired && { required: [name] }),
  })
  const isNeeded = required.has(name)
  return [{ allOf: [mustBe(met, isNeeded), yes] }, { allOf: [mustBe(others, !isNeeded), no] }]
}

/** All values of a schema, where it lists them and they are no structures. */
function listedValues(schema: Json | undefined): readonly Json[] | undefined {
  if (!isObject(schema)) return undefined
  if (own(schema, 'type') === 'boolean') return listAt(schema, 'enum') ?? [true, false]
  const constant = own(schema, 'const')
  const values = constant === undefined ? listAt(schema, 'enum') : [constant]
  return values?.every(value => value === null || typeof value !== 'object') ? values : undefined
}
