import type { Json, JsonObject } from '../../core/json.ts'
import { canonical } from './canonical.ts'
import {
  boundsOf,
  countAt,
  isArray,
  isObject,
  isOfType,
  listAt,
  namedTypes,
  objectAt,
  own,
  requiredOf,
} from './json-schema.ts'
import { formatSource } from './string-format.ts'

/** Where in the value a check is, and who wants to hear what is wrong. A trial has no `problems`. */
export interface Place {
  readonly path: string
  readonly depth: number
  readonly problems?: { path: string; why: string }[] | undefined
}

/** What a check may ask of the validator. */
export interface Validation {
  check(value: Json, schema: Json, place: Place): boolean
  report(place: Place, why: string): false
  take(steps: number): void
  matches(source: string, text: string): boolean
}

interface Case {
  readonly value: Json
  /** What the keyword says. */
  readonly demand: Json
  readonly schema: JsonObject
  readonly place: Place
  readonly validation: Validation
}

export type KeywordCheck = (test: Case) => boolean

const general: Readonly<Record<string, KeywordCheck>> = {
  type: ({ value, schema, place, validation }) => {
    const types = namedTypes(schema)
    if (!types || types.some(type => isOfType(value, type))) return true
    return validation.report(place, `must be of type ${types.join(' or ')}`)
  },
  const: ({ value, demand, place, validation }) =>
    isAmong(value, [demand], validation) || validation.report(place, `must be ${shown([demand])}`),
  enum: ({ value, demand, place, validation }) =>
    !isArray(demand) ||
    isAmong(value, demand, validation) ||
    validation.report(place, `must be one of ${shown(demand)}`),
  allOf: test => listOf(test).every(schema => test.validation.check(test.value, schema, deeper(test.place))),
  anyOf: test =>
    listOf(test).length === 0 ||
    listOf(test).some(schema => isMatch(test, schema)) ||
    test.validation.report(test.place, 'must match one of several schemas, and matches none'),
  oneOf: test => {
    const matches = listOf(test).filter(schema => isMatch(test, schema)).length
    if (matches === 1 || listOf(test).length === 0) return true
    return test.validation.report(test.place, `must match exactly one of several schemas, and matches ${matches}`)
  },
  not: test => !isMatch(test, test.demand) || test.validation.report(test.place, 'must not match what is excluded'),
  if: test => {
    const branch = own(test.schema, isMatch(test, test.demand) ? 'then' : 'else')
    return branch === undefined || test.validation.check(test.value, branch, deeper(test.place))
  },
}

const ofStrings: Readonly<Record<string, KeywordCheck>> = {
  minLength: test => isLongEnough(test, 'minLength'),
  maxLength: test => isShortEnough(test, 'maxLength'),
  pattern: ({ value, demand, place, validation }) =>
    typeof value !== 'string' ||
    typeof demand !== 'string' ||
    validation.matches(demand, value) ||
    validation.report(place, `must match the pattern ${shown([demand])}`),
  format: ({ value, demand, place, validation }) => {
    const source = typeof demand === 'string' ? formatSource(demand) : undefined
    if (typeof value !== 'string' || source === undefined || validation.matches(source, value)) return true
    return validation.report(place, `must be a text of the format ${shown([demand])}`)
  },
}

const ofNumbers: Readonly<Record<string, KeywordCheck>> = {
  minimum: isWithinBounds,
  maximum: isWithinBounds,
  exclusiveMinimum: isWithinBounds,
  exclusiveMaximum: isWithinBounds,
  multipleOf: ({ value, demand, place, validation }) => {
    if (typeof value !== 'number' || typeof demand !== 'number' || demand <= 0) return true
    const times = value / demand
    const isMultiple = Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times))
    return isMultiple || validation.report(place, `must be a multiple of ${demand}`)
  },
}

const ofArrays: Readonly<Record<string, KeywordCheck>> = {
  minItems: test => isLongEnough(test, 'minItems'),
  maxItems: test => isShortEnough(test, 'maxItems'),
  prefixItems: test => areItemsValid(test, index => listOf(test)[index]),
  items: test => {
    if (isArray(test.demand)) {
      const placed = test.demand
      return areItemsValid(test, index => placed[index] ?? own(test.schema, 'additionalItems'))
    }
    const placed = listAt(test.schema, 'prefixItems')?.length ?? 0
    return areItemsValid(test, index => (index < placed ? undefined : test.demand))
  },
  contains: test => {
    if (!isArray(test.value)) return true
    const count = test.value.filter(item => isMatch({ ...test, value: item }, test.demand)).length
    const [min, max] = [countAt(test.schema, 'minContains') ?? 1, countAt(test.schema, 'maxContains')]
    if (count >= min && (max === undefined || count <= max)) return true
    return test.validation.report(test.place, 'must contain items that it does not, or fewer than it does')
  },
  uniqueItems: ({ value, demand, place, validation }) => {
    if (demand !== true || !isArray(value)) return true
    const written = value.map(item => canonical(item, validation))
    return (
      new Set(written).size === value.length || validation.report(place, 'must have no two items that are the same')
    )
  },
}

const ofObjects: Readonly<Record<string, KeywordCheck>> = {
  required: ({ value, schema, place, validation }) => {
    if (!isObject(value)) return true
    const missing = [...requiredOf(schema)].filter(name => !Object.hasOwn(value, name))
    return missing.length === 0 || validation.report(place, `must have ${shown(missing)}`)
  },
  minProperties: test => isLongEnough(test, 'minProperties'),
  maxProperties: test => isShortEnough(test, 'maxProperties'),
  properties: test => areMembersValid(test, name => (isObject(test.demand) ? own(test.demand, name) : undefined)),
  patternProperties: test =>
    Object.entries(isObject(test.demand) ? test.demand : {}).every(([source, schema]) =>
      areMembersValid(test, name => (test.validation.matches(source, name) ? schema : undefined)),
    ),
  additionalProperties: test => {
    const declared = objectAt(test.schema, 'properties') ?? {}
    const sources = Object.keys(objectAt(test.schema, 'patternProperties') ?? {})
    const isDeclared = (name: string) =>
      Object.hasOwn(declared, name) || sources.some(source => test.validation.matches(source, name))
    return areMembersValid(test, name => (isDeclared(name) ? undefined : test.demand))
  },
  propertyNames: test => {
    const names = isObject(test.value) ? Object.keys(test.value) : []
    return names.every(name => test.validation.check(name, test.demand, below(test.place, name)))
  },
  dependentSchemas: ({ value, demand, place, validation }) => {
    if (!isObject(value) || !isObject(demand)) return true
    const needed = Object.entries(demand).filter(([name]) => Object.hasOwn(value, name))
    return needed.every(([, schema]) => validation.check(value, schema, deeper(place)))
  },
  dependentRequired: test => {
    const { value, demand, place, validation } = test
    if (!isObject(value) || !isObject(demand)) return true
    const needed = Object.keys(value).flatMap(name => own(demand, name) ?? [])
    validation.take(needed.length)
    const missing = needed.filter(name => typeof name === 'string' && !Object.hasOwn(value, name))
    return missing.length === 0 || validation.report(place, `must have ${shown(missing)}`)
  },
}

/** Every keyword that is checked, with its check. */
export const keywordChecks: readonly (readonly [string, KeywordCheck])[] = Object.entries({
  ...general,
  ...ofStrings,
  ...ofNumbers,
  ...ofArrays,
  ...ofObjects,
})

function listOf({ demand }: Case): readonly Json[] {
  return isArray(demand) ? demand : []
}

/* A trial: what is wrong with it is nobody's concern. */
function isMatch({ value, place, validation }: Case, schema: Json): boolean {
  return validation.check(value, schema, { ...deeper(place), problems: undefined })
}

function deeper(place: Place): Place {
  return { ...place, depth: place.depth + 1 }
}

function below(place: Place, step: string | number): Place {
  return { ...place, path: place.path === '' ? String(step) : `${place.path}.${step}`, depth: place.depth + 1 }
}

function areItemsValid({ value, place, validation }: Case, schemaOf: (index: number) => Json | undefined): boolean {
  if (!isArray(value)) return true
  return value.every((item, index) => validation.check(item, schemaOf(index) ?? true, below(place, index)))
}

function areMembersValid({ value, place, validation }: Case, schemaOf: (name: string) => Json | undefined): boolean {
  if (!isObject(value)) return true
  const entries = Object.entries(value)
  validation.take(entries.length)
  return entries.every(([name, member]) => validation.check(member, schemaOf(name) ?? true, below(place, name)))
}

function sizeOf(value: Json, keyword: string): number | undefined {
  if (keyword.endsWith('Length')) return typeof value === 'string' ? Array.from(value).length : undefined
  if (keyword.endsWith('Items')) return isArray(value) ? value.length : undefined
  return isObject(value) ? Object.keys(value).length : undefined
}

const units: Readonly<Record<string, string>> = { Length: 'characters', Items: 'items', Properties: 'properties' }

function isLongEnough({ value, schema, place, validation }: Case, keyword: string): boolean {
  const [size, min] = [sizeOf(value, keyword), countAt(schema, keyword) ?? 0]
  if (size === undefined || size >= min) return true
  return validation.report(place, `must have at least ${min} ${units[keyword.slice(3)]}, not ${size}`)
}

function isShortEnough({ value, schema, place, validation }: Case, keyword: string): boolean {
  const [size, max] = [sizeOf(value, keyword), countAt(schema, keyword)]
  if (size === undefined || max === undefined || size <= max) return true
  return validation.report(place, `must have at most ${max} ${units[keyword.slice(3)]}, not ${size}`)
}

function isWithinBounds({ value, schema, place, validation }: Case): boolean {
  if (typeof value !== 'number') return true
  const { low, high } = boundsOf(schema)
  if (low && (value < low.value || (value === low.value && !low.isIncluded)))
    return validation.report(place, `must be ${low.isIncluded ? 'at least' : 'more than'} ${low.value}`)
  if (high && (value > high.value || (value === high.value && !high.isIncluded)))
    return validation.report(place, `must be ${high.isIncluded ? 'at most' : 'less than'} ${high.value}`)
  return true
}

function isAmong(value: Json, allowed: readonly Json[], validation: Validation): boolean {
  if (typeof value !== 'object' || value === null) return allowed.includes(value)
  const written = canonical(value, validation)
  return allowed.some(one => typeof one === 'object' && canonical(one, validation) === written)
}

function shown(values: readonly Json[]): string {
  const written = values.slice(0, 12).map(value => JSON.stringify(value))
  const all = values.length > 12 ? [...written, '…'] : written
  const joined = all.join(', ')
  return joined.length > 200 ? `${joined.slice(0, 200)}…` : joined
}
