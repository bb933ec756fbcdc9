import type { AskedRoute } from './cli/program-context.ts'
import { findKey } from './config/client-keys.ts'
import type { ClientKey } from './config/client-keys.ts'
import type { ModelRequest } from './core/request.ts'
import type { Circumstances } from './core/route-rules.ts'
import { readAsked } from './server/read-asked.ts'

/** Reads a request of which somebody at the terminal wants to know where it would go. Throws a `ModelError`. */
export function readAskedHere(
  { protocol, request, headers, key }: AskedRoute,
  keys: readonly ClientKey[],
): readonly [ModelRequest, Circumstances] {
  const known = key === undefined ? undefined : findKey(key, keys)
  return readAsked(protocol, request, { request: { headers }, ...(known && { key: known }) })
}
