import type { AskedRoute } from './cli/program-context.ts'
import type { ClientKey } from './config/client-keys.ts'
import { ModelError } from './core/errors.ts'
import type { ModelRequest } from './core/request.ts'
import type { Circumstances } from './core/route-rules.ts'
import { readAsked } from './server/read-asked.ts'

/** Reads a request of which somebody at the terminal wants to know where it would go. Throws a `ModelError`. */
export function readAskedHere(
  { protocol, request, headers, key }: AskedRoute,
  keys: readonly ClientKey[],
): readonly [ModelRequest, Circumstances] {
  const known = keys.find(({ name }) => name === key)
  if (key !== undefined && !known) {
    const names = keys.map(({ name }) => name).join(', ') || 'none'
    throw new ModelError('not-found', `there is no key of the name ${JSON.stringify(key)}; the keys are: ${names}`)
  }
  return readAsked(protocol, request, { request: { headers }, ...(known && { key: known }) })
}
