import type { Json, JsonObject } from '../../core/json.ts'
import { arrayIn, isJsonObject, stringIn } from '../json.ts'

/** A tool that this protocol calls in a way of its own, and that is a plain function to everybody else. */
export interface Disguise {
  readonly name: string
  readonly namespace?: string
  /** Whether its input is text rather than JSON. */
  readonly isCustom: boolean
}

/** The one argument of the function that a custom tool becomes. */
export const customArgument = 'input'

/** Gives the name of a tool of a namespace where no tools have namespaces. */
export function flatName(namespace: string | undefined, name: string): string {
  if (namespace === undefined) return name
  return namespace.endsWith('__') ? `${namespace}${name}` : `${namespace}__${name}`
}

/** Finds the declared tools that are called in a way of their own, by the names that models call them by. */
export function findDisguises(tools: Json | undefined): ReadonlyMap<string, Disguise> {
  return new Map((arrayIn(tools) ?? []).filter(isJsonObject).flatMap(tool => disguisesIn(tool)))
}

function disguisesIn(tool: JsonObject, namespace?: string): readonly (readonly [string, Disguise])[] {
  const { type } = tool
  const name = stringIn(tool['name']) ?? ''
  if (type === 'namespace') {
    const inner = (arrayIn(tool['tools']) ?? []).filter(isJsonObject)
    return inner.flatMap(each => disguisesIn(each, name))
  }
  const isCustom = type === 'custom'
  if (!isCustom && (type !== 'function' || namespace === undefined)) return []
  return [[flatName(namespace, name), { name, isCustom, ...(namespace !== undefined && { namespace }) }]]
}

/** Writes the text that a custom tool is called with as the arguments of a function. */
export function customArguments(input: string): string {
  return JSON.stringify({ [customArgument]: input })
}

/**
 * Reads the text that a custom tool is called with from arguments: as far as it goes where they are cut off. What a
 * model wrote otherwise is the text itself.
 */
export function customInput(json: string): string {
  const value = parsed(json)
  if (value === undefined) return inputCutOff(json) ?? json
  const input = isJsonObject(value) ? value[customArgument] : undefined
  return typeof input === 'string' ? input : json
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const opening = `{"${customArgument}":"`
const opened = new RegExp(String.raw`^\s*\{\s*"${customArgument}"\s*:\s*"`)
const halfEscape = /((?<!\\)(?:\\\\)*)\\(?:u[\da-f]{0,3})?$/i
const halfPair = /[\uD800-\uDBFF]$/

function inputCutOff(json: string): string | undefined {
  const begun = opened.exec(json)?.[0]
  if (begun === undefined) return opening.startsWith(json.replaceAll(/\s/g, '')) ? '' : undefined
  const rest = json.slice(begun.length)
  // Cut off within the text, or after it.
  const input = parsed(`"${rest.replace(halfEscape, '$1')}"`) ?? parsed(`"${rest}`)
  return stringIn(input)?.replace(halfPair, '')
}
