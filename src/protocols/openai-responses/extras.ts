import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'

const protocol = 'openai-responses'

/** What was kept for this protocol alone. */
export function ownExtras(holder: { readonly extras?: Extras }): JsonObject {
  return holder.extras?.[protocol] ?? {}
}

/** Gives what is kept for this protocol alone, where there is anything. */
export function asExtras(kept: JsonObject): { readonly extras?: Extras } {
  return Object.keys(kept).length === 0 ? {} : { extras: { [protocol]: kept } }
}
