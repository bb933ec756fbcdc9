import { ModelError } from '../core/errors.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import { Secret } from '../core/secret.ts'
import type { RequestHeaders } from '../protocols/protocol.ts'
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

const passedOn = ['anthropic-version', 'anthropic-beta', 'openai-beta', 'idempotency-key'] as const

/** The headers of a client that go on with its relayed request. All others stay here, above all its key. */
export function relayedHeaders(headers: RequestHeaders): Readonly<Record<string, string>> {
  const kept = passedOn.flatMap(header => {
    const given = headers[header]
    return given !== undefined && value.test(given) ? [[header, given] as const] : []
  })
  return Object.fromEntries(kept)
}
