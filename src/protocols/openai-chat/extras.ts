import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'
import { objectIn, unknownFields } from '../json.ts'
import { wireFields } from './wire.ts'

const protocol = 'openai-chat'

type WireGroup = keyof typeof wireFields

/** What is kept of a wire object: `fields` are those that no neutral field holds; the rest are marks of ours. */
export interface Kept {
  readonly fields?: JsonObject | undefined
  /** The role of a message that instructs, where it is not what it would be without a mark. */
  readonly role?: string | undefined
  /** The kept fields of the message that a block begins. */
  readonly message?: JsonObject | undefined
  /** Whether a refusal stood among the parts or beside them. */
  readonly refusal?: 'message' | 'part' | undefined
  readonly detail?: string | undefined
}

/** The fields of a wire object that are kept as they came, known or not. */
export function keptFields(wire: JsonObject, group: WireGroup): JsonObject | undefined {
  return unknownFields(wire, placed.get(group) ?? none)
}

/** Keeps what has a value, for this protocol alone. */
export function asExtras(kept: Kept): { readonly extras?: Extras } {
  const marks: [string, JsonObject | string][] = []
  for (const [key, mark] of Object.entries(kept)) if (mark !== undefined) marks.push([key, mark])
  return marks.length === 0 ? {} : { extras: { [protocol]: Object.fromEntries(marks) } }
}

/** What was kept for this protocol alone. */
export function ownExtras(holder: { readonly extras?: Extras }): JsonObject {
  return holder.extras?.[protocol] ?? {}
}

/** The fields that were kept of a wire object, to be written as they came. */
export function ownFields(holder: { readonly extras?: Extras }): JsonObject {
  return objectIn(ownExtras(holder)['fields']) ?? {}
}

const none: ReadonlySet<string> = new Set()

const placed: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(wireFields).map(([group, fields]) => [group, placedFields(fields)]),
)

function placedFields(fields: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(Object.entries(fields).flatMap(([field, place]) => (place === 'extras' ? [] : [field])))
}
