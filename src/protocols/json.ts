import { type ErrorCode, type ErrorKind, type FieldPath, ModelError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'

/** Reads JSON text. Throws a `ModelError` of `kind` that says whose text was wrong, never what it was. */
export function parseJson(text: string, kind: ErrorKind): Json {
  try {
    const value: Json = JSON.parse(text)
    return value
  } catch (cause) {
    const whose = kind === 'invalid-request' ? 'the request' : 'the upstream'
    throw new ModelError(kind, `${whose} sent text that is not valid JSON`, { cause })
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Gives the value where it is an object, for reading an upstream that is trusted to mean well. */
export function objectIn(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined
}

export function arrayIn(value: unknown): readonly Json[] | undefined {
  return Array.isArray(value) ? value : undefined
}

export function stringIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Gives the value where it is a whole number from zero up, as a count must be. */
export function countIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The part of an object that has a value: what is `undefined` is left out. */
export function defined<T extends object>(fields: T): Defined<T>
export function defined(fields: object): object {
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) kept[key] = value
  }
  return kept
}

/** The fields of an object that are not in `known` and have a value, or nothing where there are none. */
export function unknownFields(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: [string, Json][] | undefined
  for (const key in object) {
    const value = object[key]
    if (value !== undefined && value !== null && !known.has(key)) (rest ??= []).push([key, value])
  }
  // Unlike assignment, `fromEntries` makes a plain field of `__proto__`.
  return rest && Object.fromEntries(rest)
}

interface Range {
  readonly min: number
  readonly max: number
}

/**
 * One place in a client's body, with the path that leads there.
 * Each reader gives the value or throws `invalid-request` with `field` set and a message that begins with the path.
 */
export class Field {
  readonly value: unknown
  readonly #parent: Field | undefined
  readonly #key: string | number | undefined

  constructor(value: unknown, parent?: Field, key?: string | number) {
    this.value = value
    this.#parent = parent
    this.#key = key
  }

  /** A field of this object. What is not an object has no fields. */
  at(key: string): Field {
    return new Field(isJsonObject(this.value) ? this.value[key] : undefined, this, key)
  }

  get path(): FieldPath {
    if (!this.#parent || this.#key === undefined) return []
    return [...this.#parent.path, this.#key]
  }

  /** `null` is how many clients say nothing. */
  get isAbsent(): boolean {
    return this.value === undefined || this.value === null
  }

  /** Gives nothing for an absent field, and otherwise what `read` gives. */
  maybe<T>(read: (field: Field) => T): T | undefined {
    return this.isAbsent ? undefined : read(this)
  }

  fail(problem: string, code: ErrorCode = 'unsupported-value'): never {
    const { path } = this
    const name = path.length === 0 ? 'the request body' : path.join('.')
    throw new ModelError('invalid-request', `${name}: ${problem}`, { field: path, code })
  }

  object(): JsonObject {
    return isJsonObject(this.value) ? this.value : this.#wrongType('an object')
  }

  /** Gives a field for each item. */
  items(maxLength: number): readonly Field[] {
    if (!Array.isArray(this.value)) return this.#wrongType('an array')
    if (this.value.length > maxLength)
      return this.fail(`must have at most ${maxLength} items, not ${this.value.length}`)
    return this.value.map((item, index) => new Field(item, this, index))
  }

  string(): string {
    return typeof this.value === 'string' ? this.value : this.#wrongType('a string')
  }

  /** A string of at least one and at most `maxLength` characters. */
  name(maxLength: number): string {
    const name = this.string()
    if (name.length === 0) return this.fail('must not be empty')
    if (name.length > maxLength) return this.fail(`must have at most ${maxLength} characters, not ${name.length}`)
    return name
  }

  boolean(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.#wrongType('true or false')
  }

  number({ min, max }: Range): number {
    const { value } = this
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.#wrongType('a number')
    if (value < min || value > max) return this.fail(`must be from ${min} to ${max}, not ${value}`)
    return value
  }

  integer({ min, max }: Range): number {
    const value = this.number({ min, max })
    return Number.isSafeInteger(value) ? value : this.#wrongType('a whole number')
  }

  oneOf<const T extends string>(choices: readonly T[]): T {
    const value = this.string()
    const choice = choices.find(choice => choice === value)
    return choice ?? this.fail(`must be ${choices.map(quoted).join(' or ')}, not ${quoted(value)}`)
  }

  #wrongType(wanted: string): never {
    if (this.value === undefined) return this.fail('Field required', 'missing-field')
    return this.fail(`must be ${wanted}, not ${kindOf(this.value)}`, 'wrong-type')
  }
}

const maxQuotedLength = 64

/** Shows a client its own word, shortened, as JSON writes it. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > maxQuotedLength ? `${word.slice(0, maxQuotedLength)}…` : word)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return `the number ${value}`
  return 'a string'
}
