import type { Json, JsonObject } from '../../core/json.ts'
import { ambiguousChoice, choice, never, text } from './expression.ts'
import type { Expression } from './expression.ts'
import { addArray } from './array-rules.ts'
import type { JsonRules } from './json-rules.ts'
import {
  boundsOf,
  countAt,
  isArray,
  isObject,
  isOfType,
  listAt,
  namedTypes,
  own,
  schemaTypes,
  stringAt,
} from './json-schema.ts'
import type { SchemaType } from './json-schema.ts'
import { limits, TooCostly } from './limits.ts'
import type { Allowance } from './limits.ts'
import { addTexts } from './literal-rules.ts'
import { integerPattern, isExact, numberPattern } from './number-pattern.ts'
import { addObject } from './object-rules.ts'
import { readRegularExpression } from './regular-expression.ts'
import type { RuleSet } from './rule-set.ts'
import type { SchemaContext } from './schema-context.ts'
import type { PlainSchema, SchemaSource } from './schema-source.ts'
import { formatSource } from './string-format.ts'
import { validate } from './validate.ts'

export interface SchemaRulesParts {
  readonly rules: RuleSet
  readonly json: JsonRules
  readonly source: SchemaSource
  readonly enumAllowance: Allowance
}

/** What stands in the place of a schema that costs too much. */
type WhenCostly = (error: TooCostly, schema: JsonObject) => Expression

function rethrow(error: TooCostly): never {
  throw error
}

/** Puts one document's schemas into rules. A schema that is met again is the same rule, which makes recursion end. */
export class SchemaRules implements SchemaContext {
  readonly rules: RuleSet
  readonly json: JsonRules
  readonly source: SchemaSource
  readonly #known = new Map<JsonObject, Expression>()
  readonly #begun = new Map<JsonObject, { name?: string }>()
  readonly #enumAllowance: Allowance
  #depth = 0

  constructor(parts: SchemaRulesParts) {
    this.rules = parts.rules
    this.json = parts.json
    this.source = parts.source
    this.#enumAllowance = parts.enumAllowance
  }

  /** Gives what matches the whole document. Throws `TooCostly`. */
  whole(): Expression {
    return this.#of(this.source.root, rethrow)
  }

  /** Gives what matches a part of the document: any value of its type where the part costs too much. */
  of(schema: Json | undefined): Expression {
    return this.#of(schema, (error, target) => this.#loosened(error, target))
  }

  #of(schema: Json | undefined, whenCostly: WhenCostly): Expression {
    const target = this.source.target(schema)
    if (!isObject(target)) return target === false ? never : this.json.free()
    const make = (): Expression => {
      const options = this.source.alternatives(target)
      return ambiguousChoice(...options.map(plain => (plain === target ? this.#make(plain) : this.#plain(plain))))
    }
    return this.#once(target, make, whenCostly)
  }

  #plain(schema: PlainSchema): Expression {
    return this.#once(schema, () => this.#make(schema), rethrow)
  }

  #loosened(error: TooCostly, schema: JsonObject): Expression {
    this.source.loosen(error.message)
    const types = typesOf(schema) ?? typesOfValues(constantsOf(schema))
    return types ? choice(...types.map(type => this.#typed(type, { type }))) : this.json.free()
  }

  #make(schema: PlainSchema): Expression {
    const values = constantsOf(schema)
    if (values) return this.#constants(values, schema)
    const types = typesOf(schema)
    return types ? choice(...types.map(type => this.#typed(type, schema))) : this.json.free()
  }

  #once(schema: JsonObject, make: () => Expression, whenCostly: WhenCostly): Expression {
    const known = this.#known.get(schema)
    if (known) return known
    const begun = this.#begun.get(schema)
    if (begun) {
      begun.name ??= this.rules.reserve('again')
      return { type: 'rule', name: begun.name }
    }
    const own: { name?: string } = {}
    this.#begun.set(schema, own)
    const made = this.rules.add('value', this.#within(schema, make, whenCostly))
    if (own.name !== undefined) this.rules.define(own.name, made)
    this.#known.set(schema, made)
    return made
  }

  #within(schema: JsonObject, make: () => Expression, whenCostly: WhenCostly): Expression {
    this.#depth += 1
    try {
      if (this.rules.size > limits.rules) throw new TooCostly(`it takes more than ${limits.rules} grammar rules`)
      if (this.#depth > limits.schemaDepth) throw new TooCostly(`it nests deeper than ${limits.schemaDepth} schemas`)
      return make()
    } catch (error) {
      if (error instanceof TooCostly) return whenCostly(error, schema)
      throw error
    } finally {
      this.#depth -= 1
      this.#begun.delete(schema)
    }
  }

  #typed(type: SchemaType, schema: PlainSchema): Expression {
    switch (type) {
      case 'object':
        return addObject(schema, this)
      case 'array':
        return addArray(schema, this)
      case 'string':
        return this.#string(schema)
      case 'integer':
        return this.#integer(schema)
      case 'number':
        return this.#number(schema)
      case 'boolean':
        return choice(text('true'), text('false'))
      case 'null':
        return text('null')
    }
  }

  #integer(schema: PlainSchema): Expression {
    const bounds = boundsOf(schema)
    return bounds.low || bounds.high ? this.json.numberLike(integerPattern(bounds)) : this.json.integer
  }

  #number(schema: PlainSchema): Expression {
    const bounds = boundsOf(schema)
    if (!bounds.low && !bounds.high) return this.json.number
    if (!isExact(bounds)) this.source.note('minimum', 'bounds that are not whole numbers are rounded outwards')
    return this.json.numberLike(numberPattern(bounds))
  }

  #string(schema: PlainSchema): Expression {
    const [min, max] = [countAt(schema, 'minLength') ?? 0, countAt(schema, 'maxLength')]
    if (max !== undefined && max < min) return never
    const machine = this.#patternString(schema)
    if (machine) {
      if (min > 0 || max !== undefined)
        this.source.note('minLength', 'the length of a text with a pattern is not enforced')
      return machine
    }
    if (min === 0 && max === undefined) return this.json.string
    return this.json.stringOf(this.capped('minLength', min) ?? limits.unrolledCharacters, this.capped('maxLength', max))
  }

  capped(keyword: string, count: number | undefined): number | undefined {
    const most = keyword.endsWith('Length') ? limits.unrolledCharacters : limits.unrolledItems
    if (count === undefined || count <= most) return count
    this.source.note(keyword, `beyond ${most} it is checked after the answer, not enforced while it is written`)
    return undefined
  }

  #patternString(schema: PlainSchema): Expression | undefined {
    const pattern = stringAt(schema, 'pattern')
    const format = stringAt(schema, 'format')
    const source = pattern ?? (format === undefined ? undefined : formatSource(format))
    if (format !== undefined && (pattern !== undefined || source === undefined))
      this.source.note('format', 'this format is not enforced')
    if (source === undefined) return undefined
    const read = readRegularExpression(source)
    try {
      if (read) return this.json.stringLike(read)
    } catch (error) {
      if (!(error instanceof TooCostly)) throw error
    }
    this.source.note('pattern', 'this expression is not one that a grammar can follow')
    return undefined
  }

  #isAllowed(value: Json, schema: PlainSchema): boolean {
    const verdict = validate(value, schema, { root: this.source.root, allowance: this.#enumAllowance })
    if (verdict.type === 'undecided') throw new TooCostly('its listed values take too long to check')
    return verdict.type === 'valid'
  }

  #constants(values: readonly Json[], schema: PlainSchema): Expression {
    if (values.length > limits.enumValues) throw new TooCostly(`it lists more than ${limits.enumValues} values`)
    const { enum: _enum, const: _const, ...others } = schema
    const allowed = values.filter(value => this.#isAllowed(value, others))
    const scalars = allowed.filter(value => typeof value !== 'object' || value === null)
    const written = [...new Set(scalars.map(value => JSON.stringify(value)))]
    if (written.reduce((sum, value) => sum + value.length, 0) > limits.enumCharacters)
      throw new TooCostly(`its listed values are longer than ${limits.enumCharacters} characters`)
    const structures = allowed.filter(value => typeof value === 'object' && value !== null)
    const scalarChoice = written.length > 0 ? [addTexts(this.rules, written)] : []
    return ambiguousChoice(...scalarChoice, ...structures.map(value => this.of(exactly(value))))
  }
}

function typesOfValues(values: readonly Json[] | undefined): readonly SchemaType[] | undefined {
  return values && schemaTypes.filter(type => type !== 'integer' && values.some(value => isOfType(value, type)))
}

function constantsOf(schema: PlainSchema): readonly Json[] | undefined {
  const constant = own(schema, 'const')
  const list = listAt(schema, 'enum')
  if (constant === undefined) return list
  return list && !list.some(value => JSON.stringify(value) === JSON.stringify(constant)) ? [] : [constant]
}

/** The schema that only this value matches. */
function exactly(value: Json): JsonObject {
  if (isArray(value)) {
    const { length } = value
    return { type: 'array', prefixItems: value.map(exactly), items: false, minItems: length, maxItems: length }
  }
  if (!isObject(value)) return { const: value }
  const entries = Object.entries(value)
  const properties = Object.fromEntries(entries.map(([name, part]) => [name, exactly(part)]))
  return { type: 'object', properties, required: entries.map(([name]) => name), additionalProperties: false }
}

const hints: readonly (readonly [SchemaType, readonly string[]])[] = [
  ['object', ['properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties', 'maxProperties']],
  ['array', ['items', 'prefixItems', 'minItems', 'maxItems']],
  ['string', ['pattern', 'format', 'minLength', 'maxLength']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']],
]

/* A schema without a type means the type that its keywords are about: nobody who lists properties wants a number. */
function typesOf(schema: PlainSchema): readonly SchemaType[] | undefined {
  const named = namedTypes(schema)
  if (named) return named.includes('number') ? named.filter(type => type !== 'integer') : named
  const hinted = hints.filter(([, keywords]) => keywords.some(keyword => own(schema, keyword) !== undefined))
  return hinted.length > 0 ? hinted.map(([type]) => type) : undefined
}
