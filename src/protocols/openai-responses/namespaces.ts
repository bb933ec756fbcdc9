import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Tool } from '../../core/request.ts'
import { objectIn } from '../json.ts'
import { asExtras, ownExtras } from './extras.ts'

/** Where a tool stands that is in a namespace: what this says but for its tools, and the tool as it is in it. */
export interface PlaceInNamespace {
  readonly namespace: JsonObject
  readonly own: JsonObject
}

/** Keeps the place, for an upstream that knows namespaces. */
export function keepPlace({ namespace, own }: PlaceInNamespace): { readonly extras?: Extras } {
  return asExtras({ type: 'namespace', namespace, own })
}

/** Gives nothing for a tool that is in no namespace. */
export function placeOf(tool: Tool): PlaceInNamespace | undefined {
  const { type, namespace, own } = ownExtras(tool)
  const [outer, inner] = [objectIn(namespace), objectIn(own)]
  return type === 'namespace' && outer && inner ? { namespace: outer, own: inner } : undefined
}
