import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'
import { unknownFields } from '../json.ts'
import { wireFields } from './wire.ts'

export type WireGroup = keyof typeof wireFields

const protocol = 'anthropic-messages'

function readFields(fields: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(Object.entries(fields).flatMap(([field, place]) => (place === 'extras' ? [] : [field])))
}

const read: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(wireFields).map(([group, fields]) => [group, readFields(fields)]),
)

const none: ReadonlySet<string> = new Set()

/** The fields of a wire object that no neutral field holds. */
export function keptFields(wire: JsonObject, group: WireGroup): JsonObject | undefined {
  return unknownFields(wire, read.get(group) ?? none)
}

/** Gives what is kept for this protocol alone, where there is anything. */
export function asExtras(kept: JsonObject | undefined): { readonly extras?: Extras } {
  return kept === undefined || Object.keys(kept).length === 0 ? {} : { extras: { [protocol]: kept } }
}

/** What was kept for this protocol alone. */
export function ownExtras(holder: { readonly extras?: Extras }): JsonObject {
  return holder.extras?.[protocol] ?? {}
}
