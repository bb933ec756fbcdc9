import { createHash } from 'node:crypto'
import type { RelayRequest } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import { Secret } from '../core/secret.ts'
import type { Auth, Kind } from './provider.ts'

// What HTTP itself decides, and what would let an answer in that we do not read.
const forbidden: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const name = /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/
const value = /^[\t\x20-\x7e]{0,8192}$/

/** Gives what a provider is sent with each request, by header in lower case. Throws for what cannot be a header. */
export function ownHeaders(settings: ProviderSettings, kind: Kind): ReadonlyMap<string, Secret> {
  const headers = new Map<string, Secret>()
  if (settings.key) for (const [name, shown] of shownKey(settings.key, kind.auth)) headers.set(name, shown)
  for (const [given, secret] of Object.entries(settings.headers ?? {})) headers.set(given.toLowerCase(), secret)
  for (const [header, secret] of headers) assertSendable(settings.id, header, secret)
  return headers
}

function shownKey(key: Secret, auth: Auth): readonly (readonly [string, Secret])[] {
  if (auth === 'none') return []
  if (auth === 'bearer') return [['authorization', new Secret(`Bearer ${key.reveal()}`)]]
  return [[auth, key]]
}

function assertSendable(provider: string, header: string, secret: Secret): void {
  const refuse = (problem: string): never => {
    throw new ModelError('invalid-request', `provider ${provider}: ${problem}`)
  }
  if (!name.test(header)) refuse(`${JSON.stringify(header.slice(0, 64))} is not the name of a header`)
  if (forbidden.has(header)) refuse(`the header ${header} cannot be set; Duologue sets it itself`)
  if (!value.test(secret.reveal()))
    refuse(`the value of the header ${header} has letters that a header cannot have, or is too long`)
}

const passedOn = ['anthropic-version', 'anthropic-beta', 'openai-beta'] as const
const idempotencyKey = 'idempotency-key'

/** The headers of a client that go on with its relayed request. All others stay here, above all its key. */
export function relayedHeaders({ headers, ...asked }: RelayRequest): Readonly<Record<string, string>> {
  const kept = passedOn.flatMap(header => {
    const given = headers[header]
    return given !== undefined && value.test(given) ? [[header, given] as const] : []
  })
  const key = headers[idempotencyKey] ?? ''
  return { ...Object.fromEntries(kept), ...(key !== '' && { [idempotencyKey]: distinctKey(key, asked) }) }
}

/*
 * All clients are one to the upstream, and a request that is sent to another model there is another request: what one of
 * them calls by a name must not be taken for what another calls so.
 */
function distinctKey(key: string, { client, model }: Pick<RelayRequest, 'client' | 'model'>): string {
  return createHash('sha256')
    .update(JSON.stringify([client, model, key]))
    .digest('base64url')
}
