import type { Json, JsonObject } from '../../core/json.ts'
import {
  isArray,
  isObject,
  isOfType,
  itemsOf,
  listAt,
  namedTypes,
  objectAt,
  own,
  requiredOf,
  resolveReference,
} from './json-schema.ts'
import type { SchemaType } from './json-schema.ts'
import { canonical } from './canonical.ts'
import { Allowance, TooCostly } from './limits.ts'
import { parseJson } from './parse-json.ts'
import { validate } from './validate.ts'

const mostSteps = 100_000
const mostDepth = 64

/**
 * Mends a value that does not match its schema, by rules that invent nothing (docs/tools.md lists them).
 * Gives it only where it then matches, and never an object of which nothing is left.
 */
export function repairValue(value: Json, schema: Json): Json | undefined {
  const allowance = new Allowance(mostSteps, 'mending it takes too many steps')
  try {
    const mended = new Mending(schema, allowance).mend(value, schema, 0)
    const isEmptied = isObject(mended) && Object.keys(mended).length === 0
    return !isEmptied && validate(mended, schema, { allowance }).type === 'valid' ? mended : undefined
  } catch (error) {
    if (error instanceof TooCostly) return undefined
    throw error
  }
}

class Mending {
  readonly #root: Json
  readonly #allowance: Allowance

  constructor(root: Json, allowance: Allowance) {
    this.#root = root
    this.#allowance = allowance
  }

  mend(value: Json, schema: Json | undefined, depth: number): Json {
    this.#allowance.take()
    if (!isObject(schema) || depth > mostDepth) return value
    const combined = this.#inCombinations(value, schema, depth + 1)
    const typed = this.#matches(combined, schema) ? combined : toType(combined, schema)
    if (isObject(typed)) return this.#members(typed, schema, depth + 1)
    return isArray(typed) ? this.#items(typed, schema, depth + 1) : typed
  }

  #matches(value: Json, schema: Json): boolean {
    return validate(value, schema, { root: this.#root, allowance: this.#allowance }).type === 'valid'
  }

  #inCombinations(value: Json, schema: JsonObject, depth: number): Json {
    const reference = own(schema, '$ref')
    const target = typeof reference === 'string' ? resolveReference(this.#root, reference) : undefined
    const all = [...(target === undefined ? [] : [target]), ...(listAt(schema, 'allOf') ?? [])]
    const mended = all.reduce((whole, part) => this.mend(whole, part, depth), value)
    return [listAt(schema, 'anyOf'), listAt(schema, 'oneOf')].reduce<Json>(
      (whole, options = []) => this.#choose(whole, options, depth),
      mended,
    )
  }

  /* What matches one alternative is meant as that; otherwise the first that it can be mended to. */
  #choose(value: Json, options: readonly Json[], depth: number): Json {
    if (options.some(option => this.#matches(value, option))) return value
    for (const option of options) {
      const mended = this.mend(value, option, depth)
      if (this.#matches(mended, option)) return mended
    }
    return value
  }

  #members(value: JsonObject, schema: JsonObject, depth: number): JsonObject {
    const declared = objectAt(schema, 'properties') ?? {}
    const others = own(schema, 'additionalProperties')
    const isClosed = others === false && own(schema, 'patternProperties') === undefined
    const required = requiredOf(schema)
    const kept = Object.entries(value).flatMap(([name, member]) => {
      const inner = own(declared, name) ?? others
      if (isClosed && !Object.hasOwn(declared, name)) return []
      const mended = this.mend(member, inner, depth)
      const isAbsent = mended === null && !required.has(name) && !this.#matches(null, inner ?? true)
      return isAbsent ? [] : [[name, mended] as const]
    })
    return Object.fromEntries(kept)
  }

  #items(value: readonly Json[], schema: JsonObject, depth: number): Json {
    const { placed, rest } = itemsOf(schema)
    const mended = value.map((item, index) => this.mend(item, placed[index] ?? rest, depth))
    return own(schema, 'uniqueItems') === true ? this.#withoutRepetitions(mended) : mended
  }

  #withoutRepetitions(items: readonly Json[]): readonly Json[] {
    const first = new Map<string, Json>()
    for (const item of items) {
      const written = canonical(item, this.#allowance)
      if (!first.has(written)) first.set(written, item)
    }
    return [...first.values()]
  }
}

/** The value as the type that the schema wants, where it says the same in that type. */
function toType(value: Json, schema: JsonObject): Json {
  const constant = own(schema, 'const')
  const listed = constant === undefined ? listAt(schema, 'enum') : [constant]
  if (listed) return listed.find(one => saysTheSame(one, value)) ?? value
  const types = namedTypes(schema)
  return !types || types.some(type => isOfType(value, type)) ? value : toOneOf(types, value)
}

function toOneOf(types: readonly SchemaType[], value: Json): Json {
  const said = typeof value === 'string' ? readText(value, types) : undefined
  if (said !== undefined) return said
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) return String(value)
  return types.includes('array') && value !== null ? [value] : value
}

/* Text that is JSON of one of the types: a number or a structure between quotation marks. */
function readText(text: string, types: readonly SchemaType[]): Json | undefined {
  const value = parseJson(text)
  return value !== undefined && types.some(type => isOfType(value, type)) ? value : undefined
}

function saysTheSame(one: Json, other: Json): boolean {
  return typeof one !== 'object' && typeof other !== 'object' && String(one) === String(other)
}
