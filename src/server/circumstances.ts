import type { ProtocolId } from '../core/extras.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { RequestHeaders } from '../protocols/protocol.ts'
import type { Exchange } from './exchange.ts'

/** Gives what is known of a request beside what it asks. */
export function circumstancesOf({ request }: Exchange, protocol: ProtocolId): Circumstances {
  return { protocol, headers: requestHeaders(request.headers), isStrict: false }
}

/** The headers as a codec reads them: those that have one value. */
export function requestHeaders(headers: NodeJS.Dict<string | string[]>): RequestHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
