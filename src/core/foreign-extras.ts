import type { ProtocolId } from './extras.ts'
import type { Json } from './json.ts'
import type { Loss } from './loss.ts'
import type { ModelRequest } from './request.ts'

/**
 * Says what a request asks in words that only its own protocol has, and that whoever answers is not told. `spoken` is
 * the protocol in which that one is asked; absent where it is asked in none.
 */
export function foreignLosses({ extras = {} }: ModelRequest, spoken?: ProtocolId): readonly Loss[] {
  return Object.entries(extras)
    .filter(([protocol]) => protocol !== spoken)
    .flatMap(([protocol, fields]) =>
      Object.entries(fields)
        .filter(([field, value]) => asksForSomething(field, value))
        .map(([field]) => ({ field, action: 'dropped', why: `only ${protocol} has this field` }) as const),
    )
}

/* `betas` are marks of a header, and `safety_identifier` is told as the user. */
const told: ReadonlySet<string> = new Set(['betas', 'safety_identifier'])

function asksForSomething(field: string, value: Json): boolean {
  if (told.has(field) || value === null || value === false || value === 'auto' || value === 'default') return false
  // Answers are text in any case.
  return field !== 'modalities' && !(Array.isArray(value) && value.length === 0)
}
