import type { JsonObject } from '../../core/json.ts'
import { arrayIn, isJsonObject, stringIn } from '../json.ts'

/** What a request names instead of sending it: the response that it goes on from, and single items. */
interface References {
  readonly previousId?: string
  readonly itemIds: readonly string[]
}

/** What was found of that. */
export interface Recalled {
  /** Everything that was said up to the end of the earlier response, in order. */
  readonly history: readonly JsonObject[]
  readonly items: ReadonlyMap<string, JsonObject>
}

export const nothingRecalled: Recalled = { history: [], items: new Map() }

/** Finds what a body refers to, whatever else may be wrong with it. */
export function referencesIn(body: unknown): References {
  const wire = isJsonObject(body) ? body : {}
  const previousId = stringIn(wire['previous_response_id'])
  const items = (arrayIn(wire['input']) ?? []).filter(isJsonObject).filter(isReference)
  return {
    ...(previousId !== undefined && { previousId }),
    itemIds: items.flatMap(({ id }) => stringIn(id) ?? []),
  }
}

function isReference({ type, role, id }: JsonObject): boolean {
  if (type === 'item_reference') return true
  return (type ?? null) === null && (role ?? null) === null && typeof id === 'string'
}

/**
 * Gives the items of a body's input as they are kept: each has an id that no other one has, which leads back to the
 * response where the client gave none, and what was only named stands there itself.
 */
export function inputItems(body: unknown, responseId: string, { items: named }: Recalled): readonly JsonObject[] {
  const input = isJsonObject(body) ? body['input'] : undefined
  const items = typeof input === 'string' ? [{ role: 'user', content: [{ type: 'input_text', text: input }] }] : input
  const taken = new Set<string>()
  return (arrayIn(items) ?? []).filter(isJsonObject).map((given, index) => {
    const found = isReference(given) ? named.get(stringIn(given['id']) ?? '') : undefined
    const item = found ?? given
    const type = stringIn(item['type']) ?? 'message'
    const own = stringIn(item['id']) ?? ''
    const isFree = own !== '' && !taken.has(own)
    const id = isFree ? own : `${prefixOf(type)}_${responseId.replace(/^resp_/, '')}_i${index}`
    taken.add(id)
    return { ...item, type, id }
  })
}

const prefixes: ReadonlyMap<string, string> = new Map([
  ['message', 'msg'],
  ['reasoning', 'rs'],
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
])

function prefixOf(type: string): string {
  return prefixes.get(type) ?? 'item'
}
