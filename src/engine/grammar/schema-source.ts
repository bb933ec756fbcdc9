import type { Json, JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
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
  readonly #plain = new Map<JsonObject, PlainSchema>()

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
  alternatives(schema: Json | undefined, seen: ReadonlySet<Json> = new Set()): readonly PlainSchema[] {
    this.#allowance.take()
    if (schema === false) return []
    if (!isObject(schema)) return [anything]
    if (isNever(own(schema, 'not'))) return []
    if (seen.has(schema)) return []
    const path = new Set([...seen, schema])
    if (path.size > limits.schemaDepth * 2) throw new TooCostly('its references form too long a chain')
    let found: readonly PlainSchema[] = [this.#plainPart(schema)]
    for (const part of listAt(schema, 'allOf') ?? []) found = this.#combine(found, this.alternatives(part, path))
    const reference = stringAt(schema, '$ref')
    if (reference !== undefined) found = this.#combine(found, this.#referred(reference, path))
    found = this.#combineUnions(schema, found, path)
    return own(schema, 'nullable') === true ? [...found.map(withoutNull), { type: 'null' }] : found
  }

  #combineUnions(schema: JsonObject, found: readonly PlainSchema[], path: ReadonlySet<Json>): readonly PlainSchema[] {
    let combined = found
    for (const keyword of ['anyOf', 'oneOf']) {
      const options = listAt(schema, keyword)
      if (!options || options.length === 0) continue
      if (keyword === 'oneOf' && options.length > 1)
        this.note('oneOf', 'an answer may match several of its schemas, as with anyOf')
      const each = options.flatMap(option => this.alternatives(option, path))
      combined = this.#combine(combined, each)
    }
    return combined
  }

  #referred(reference: string, path: ReadonlySet<Json>): readonly PlainSchema[] {
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
    for (const keyword of keywords) this.#noteKeyword(keyword)
    const kept = keywords.filter(keyword => !combiners.has(keyword) && !silentKeywords.has(keyword))
    const hasCombiner = keywords.some(keyword => combiners.has(keyword))
    const entries = kept.map(keyword => [keyword, own(schema, keyword) ?? null] as const)
    const plain = kept.length === 0 ? anything : hasCombiner ? Object.fromEntries(entries) : schema
    this.#plain.set(schema, plain)
    return plain
  }

  #noteKeyword(keyword: string): void {
    if (grammarKeywords.has(keyword) || silentKeywords.has(keyword)) return
    if (validatorKeywords.has(keyword))
      this.note(keyword, 'it is checked after the answer, not enforced while it is written')
    else this.note(keyword.slice(0, 64), 'the keyword is not known and was ignored', 'dropped')
  }

  #combine(a: readonly PlainSchema[], b: readonly PlainSchema[]): readonly PlainSchema[] {
    if (isAnything(a)) return b
    if (isAnything(b)) return a
    if (a.length * b.length > limits.alternatives)
      throw new TooCostly(`its unions come to more than ${limits.alternatives} alternatives`)
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
