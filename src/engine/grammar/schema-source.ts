import type { Json, JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import { conditionsOf } from './conditions.ts'
import type { Condition } from './conditions.ts'
import { isObject, listAt, own, resolveReference, stringAt } from './json-schema.ts'
import { Allowance, limits, TooCostly } from './limits.ts'
import { mergeSchemas } from './merge-schemas.ts'
import { combiners, grammarKeywords, silentKeywords, validatorKeywords } from './schema-keywords.ts'

/** A schema without references and combinations. Its parts may have them. */
export type PlainSchema = JsonObject

/** What matches everything. */
export const anything: PlainSchema = {}

/**
 * One document of JSON Schema, read piece by piece within an allowance.
 * It notes what a grammar will not enforce. Each of its methods may throw `TooCostly`.
 */
export class SchemaSource {
  readonly root: Json
  readonly #allowance: Allowance
  readonly #notes = new Map<string, Loss>()
  readonly #loosened = new Set<string>()
  readonly #plain = new Map<JsonObject, PlainSchema>()
  readonly #alternatives = new Map<JsonObject, readonly PlainSchema[]>()
  /** How often a schema was met within itself; what was found then holds in that place only. */
  #circles = 0

  /** What one grammar's schemas may take together. */
  static allowance(): Allowance {
    return new Allowance(limits.schemaSteps, 'the schema is too large')
  }

  constructor(root: Json, allowance: Allowance) {
    this.root = root
    this.#allowance = allowance
  }

  get unenforced(): readonly Loss[] {
    return [...this.#notes.values()]
  }

  /** Why parts of the schema cost too much to be held to more than their type. */
  get loosened(): readonly string[] {
    return [...this.#loosened]
  }

  loosen(why: string): void {
    if (this.#loosened.size < limits.notes) this.#loosened.add(why)
  }

  note(keyword: string, why: string, action: Loss['action'] = 'degraded'): void {
    if (this.#notes.size < limits.notes) this.#notes.set(`${keyword} ${why}`, { field: keyword, action, why })
  }

  /** Follows a schema that is nothing but a reference to where it leads, as far as that goes. */
  target(schema: Json | undefined): Json | undefined {
    const seen = new Set<JsonObject>()
    let at = schema
    while (isObject(at) && !seen.has(at) && isOnlyReference(at)) {
      this.#allowance.take()
      seen.add(at)
      const target = resolveReference(this.root, stringAt(at, '$ref') ?? '')
      if (target === undefined) break
      at = target
    }
    return at
  }

  /** The plain schemas of which a value must match at least one. None at all is what nothing matches. */
  alternatives(schema: Json | undefined, path: readonly JsonObject[] = []): readonly PlainSchema[] {
    this.#allowance.take()
    if (schema === false) return []
    if (!isObject(schema)) return [anything]
    const known = this.#alternatives.get(schema)
    if (known) return known
    // What a schema says by referring to itself first, its other alternatives say already.
    if (path.includes(schema)) {
      this.#circles += 1
      return []
    }
    if (path.length > limits.schemaDepth * 2) throw new TooCostly('its references form too long a chain')
    const circles = this.#circles
    const found = this.#find(schema, [...path, schema])
    if (this.#circles === circles) this.#alternatives.set(schema, found)
    return found
  }

  #find(schema: JsonObject, path: readonly JsonObject[]): readonly PlainSchema[] {
    if (isNever(own(schema, 'not'))) return []
    let found: readonly PlainSchema[] = [this.#plainPart(schema)]
    for (const part of listAt(schema, 'allOf') ?? []) found = this.#combine(found, this.alternatives(part, path))
    const reference = stringAt(schema, '$ref')
    if (reference !== undefined) found = this.#combine(found, this.#referred(reference, path))
    for (const keyword of ['anyOf', 'oneOf']) found = this.#combine(found, this.#union(keyword, schema, path))
    for (const condition of conditionsOf(schema)) found = this.#underCondition(found, condition, path)
    return own(schema, 'nullable') === true ? [...found.map(withoutNull), { type: 'null' }] : found
  }

  /* A condition is not worth more than all that the schema says besides. */
  #underCondition(
    found: readonly PlainSchema[],
    { keyword, options }: Condition,
    path: readonly JsonObject[],
  ): readonly PlainSchema[] {
    try {
      const each = options.flatMap(option => this.alternatives(option, path))
      if (found.length * each.length <= limits.conditionalAlternatives) return this.#combine(found, each)
    } catch (error) {
      if (!(error instanceof TooCostly)) throw error
    }
    this.#noteUnenforced(keyword)
    return found
  }

  #union(keyword: string, schema: JsonObject, path: readonly JsonObject[]): readonly PlainSchema[] {
    const options = listAt(schema, keyword)
    if (!options || options.length === 0) return [anything]
    if (keyword === 'oneOf' && options.length > 1)
      this.note('oneOf', 'an answer may match several of its schemas, as with anyOf')
    const different = new Set(options.flatMap(option => this.alternatives(option, path)))
    return withConstantsTogether([...different])
  }

  #referred(reference: string, path: readonly JsonObject[]): readonly PlainSchema[] {
    const target = resolveReference(this.root, reference)
    if (target !== undefined) return this.alternatives(target, path)
    this.note('$ref', 'only references to a place within the schema itself are followed')
    return [anything]
  }

  /* The schema without its combining keywords: itself where it has none, so that recursion is recognised. */
  #plainPart(schema: JsonObject): PlainSchema {
    const known = this.#plain.get(schema)
    if (known) return known
    const keywords = Object.keys(schema)
    this.#allowance.take(keywords.length)
    const conditions = new Set(conditionsOf(schema).map(({ keyword }) => keyword))
    const isSaid = (keyword: string) => conditions.has(conditionalKeywords.has(keyword) ? 'if' : keyword)
    for (const keyword of keywords) if (!isSaid(keyword)) this.#noteKeyword(keyword)
    const isApart = (keyword: string) => combiners.has(keyword) || isSaid(keyword)
    const kept = keywords.filter(keyword => !isApart(keyword) && !silentKeywords.has(keyword))
    const hasCombiner = keywords.some(isApart)
    const entries = kept.map(keyword => [keyword, own(schema, keyword) ?? null] as const)
    const plain = kept.length === 0 ? anything : hasCombiner ? Object.fromEntries(entries) : schema
    this.#plain.set(schema, plain)
    return plain
  }

  #noteKeyword(keyword: string): void {
    if (grammarKeywords.has(keyword) || silentKeywords.has(keyword)) return
    if (validatorKeywords.has(keyword)) this.#noteUnenforced(keyword)
    else this.note(keyword.slice(0, 64), 'the keyword is not known and was ignored', 'dropped')
  }

  #noteUnenforced(keyword: string): void {
    this.note(keyword, 'it is checked after the answer, not enforced while it is written')
  }

  #combine(a: readonly PlainSchema[], b: readonly PlainSchema[]): readonly PlainSchema[] {
    if (a.length * b.length > limits.alternatives)
      throw new TooCostly(`its unions come to more than ${limits.alternatives} alternatives`)
    if (isAnything(a)) return b
    if (isAnything(b)) return a
    return a.flatMap(one => b.flatMap(other => this.#merge(one, other)))
  }

  #merge(a: PlainSchema, b: PlainSchema): readonly PlainSchema[] {
    this.#allowance.take(Object.keys(a).length + Object.keys(b).length)
    const merged = mergeSchemas(a, b, keyword =>
      this.note(keyword, 'several schemas demand different things of the same value; only one is enforced'),
    )
    return merged === false ? [] : [merged]
  }
}

const conditionalKeywords: ReadonlySet<string> = new Set(['if', 'then', 'else'])

/* A union of constants is a list of values, which costs far less. */
function withConstantsTogether(alternatives: readonly PlainSchema[]): readonly PlainSchema[] {
  const constants = alternatives.filter(isConstant)
  if (constants.length < 2) return alternatives
  const values = constants.map(schema => own(schema, 'const') ?? null)
  return [...alternatives.filter(schema => !isConstant(schema)), { enum: values }]
}

function isConstant(schema: PlainSchema): boolean {
  const constant = own(schema, 'const')
  if (constant === undefined) return false
  const isTypeKnown = Object.keys(schema).every(
    keyword => keyword === 'const' || silentKeywords.has(keyword) || keyword === 'type',
  )
  return isTypeKnown && (own(schema, 'type') ?? typeof constant) === typeof constant
}

function isOnlyReference(schema: JsonObject): boolean {
  return Object.keys(schema).every(keyword => keyword === '$ref' || silentKeywords.has(keyword)) && '$ref' in schema
}

function isAnything(alternatives: readonly PlainSchema[]): boolean {
  return alternatives.length === 1 && alternatives[0] === anything
}

function isNever(not: Json | undefined): boolean {
  return not === true || (isObject(not) && Object.keys(not).length === 0)
}

function withoutNull(schema: PlainSchema): PlainSchema {
  const values = listAt(schema, 'enum')
  return values?.includes(null) ? { ...schema, enum: values.filter(value => value !== null) } : schema
}
