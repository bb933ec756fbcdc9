import type { IncomingHttpHeaders } from 'node:http'
import { ModelError } from '../core/errors.ts'

/** Which web pages may call this server. */
export interface OriginRules {
  /** Origins as browsers write them: `https://chat.example.org`. */
  readonly allowedOrigins: readonly string[]
}

/**
 * Refuses a request that a web page of another origin makes. Gives the origin, where one was named and is allowed.
 * Programs that are not browsers send neither header.
 */
export function checkOrigin(headers: IncomingHttpHeaders, { allowedOrigins }: OriginRules): string | undefined {
  const { origin } = headers
  if (origin === undefined) {
    if (headers['sec-fetch-site'] === 'cross-site') throw refusal('a page of another site')
    return undefined
  }
  if (allowedOrigins.includes(origin)) return origin
  if (isSameOrigin(origin, headers)) return undefined
  throw refusal(`the origin ${JSON.stringify(origin.slice(0, 200))}`)
}

/** The Host header is checked before this, so that an origin of that name is our own page. */
function isSameOrigin(origin: string, headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  const host = headers.host?.toLowerCase()
  return origin === `http://${host}` || origin === `https://${host}`
}

function refusal(who: string): ModelError {
  return new ModelError(
    'forbidden',
    `header origin: ${who} may not call this server; add the origin to the allowed origins in the configuration`,
  )
}

/* All that docs/http.md tells of. */
const exposed = [
  'request-id',
  'x-request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  ...['target', 'route', 'attempts', 'losses', 'cache', 'count'].map(name => `x-duologue-${name}`),
].join(', ')

/** The headers that let a page of an allowed origin read the reply. */
export function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposed,
    vary: 'origin',
  }
}

/** What a browser asks for before a request that is not a simple one. */
export function preflightHeaders(allow: string, headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const asked = headers['access-control-request-headers']
  return {
    'access-control-allow-methods': allow,
    'access-control-max-age': '600',
    ...(asked !== undefined && { 'access-control-allow-headers': asked }),
  }
}
