import type { Json, JsonObject } from '../../../core/json.ts'
import { isObject, listAt, namedTypes, objectAt, own, resolveReference, stringAt } from '../../grammar/json-schema.ts'
import { parseJson } from '../../grammar/parse-json.ts'
import type { ToolSchemas } from './output-event.ts'

/** Whether a call without any arguments can be what the model meant. */
export function mayLackArguments(name: string, tools: ToolSchemas): boolean {
  const required = tools.get(name)?.['required']
  return !Array.isArray(required) || required.length === 0
}

/**
 * Gives a parameter that was written as plain text as JSON text, of the type that the tool's schema says.
 * Text that does not fit any other type stays a string.
 */
export function toTypedJson(
  text: string,
  { name, key, tools }: { name: string; key: string; tools: ToolSchemas },
): string {
  const schema = tools.get(name)
  const types = schema && typesOf(schema, key)
  const value = parseJson(text.trim())
  const fits = value !== undefined && (types === undefined ? !isScalarText(value) : types.has(typeOf(value)))
  return fits ? JSON.stringify(value) : JSON.stringify(text)
}

/** The types that a schema allows for one property; undefined where it does not say. */
function typesOf(schema: JsonObject, key: string): ReadonlySet<string> | undefined {
  const declared = objectAt(schema, 'properties') ?? {}
  return new AllowedTypes(schema).of(own(declared, key) ?? own(schema, 'additionalProperties'))
}

const mostDepth = 64

class AllowedTypes {
  readonly #root: JsonObject
  readonly #seen = new Set<JsonObject>()

  constructor(root: JsonObject) {
    this.#root = root
  }

  of(schema: Json | undefined, depth = 0): ReadonlySet<string> | undefined {
    if (!isObject(schema) || depth > mostDepth) return undefined
    // What refers to itself adds nothing to what it says besides.
    if (this.#seen.has(schema)) return new Set()
    this.#seen.add(schema)
    const types = statedTypes(schema) ?? this.#combined(schema, depth + 1)
    return types && own(schema, 'nullable') === true ? new Set([...types, 'null']) : types
  }

  #combined(schema: JsonObject, depth: number): ReadonlySet<string> | undefined {
    const reference = stringAt(schema, '$ref')
    if (reference !== undefined) return this.of(resolveReference(this.#root, reference), depth)
    const choices = listAt(schema, 'anyOf') ?? listAt(schema, 'oneOf')
    if (!choices)
      return listAt(schema, 'allOf')
        ?.map(part => this.of(part, depth))
        .find(types => types !== undefined)
    const each = choices.map(choice => this.of(choice, depth))
    return each.includes(undefined) ? undefined : new Set(each.flatMap(types => [...(types ?? [])]))
  }
}

function statedTypes(schema: JsonObject): ReadonlySet<string> | undefined {
  const constant = own(schema, 'const')
  const values = constant === undefined ? listAt(schema, 'enum') : [constant]
  const named = namedTypes(schema)
  return named ? withNumbers(named) : values && new Set(values.map(typeOf))
}

function withNumbers(types: readonly string[]): ReadonlySet<string> {
  return new Set(types.includes('integer') ? [...types, 'number'] : types)
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

/* Without a schema, digits and words may be meant as text, as a postcode is; a structure is not. */
function isScalarText(value: Json): boolean {
  return typeof value === 'string'
}
