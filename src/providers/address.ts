import { ModelError } from '../core/errors.ts'
import { secretIn } from '../core/open-address.ts'
import type { ProviderSettings } from '../core/provider-settings.ts'
import type { Dialect, Kind } from './provider.ts'

/** Where a provider answers, and whether its owner or its kind says so. */
export interface Address {
  readonly url: URL
  readonly isOwners: boolean
}

/** Gives the address of a provider. Throws where there is none, or none that can be asked. */
export function addressOf(settings: ProviderSettings, kind: Kind): Address {
  const text = settings.url ?? kind.url
  const refuse = (problem: string): never => {
    throw new ModelError('invalid-request', `provider ${settings.id}: ${problem}`)
  }
  if (text === undefined) return refuse(`a provider of the kind ${kind.id} needs a url`)
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return refuse('its url must begin with http:// or https://')
  }
  const secret = secretIn(text)
  if (secret === 'password') return refuse('a url must not hold a name or password; give the key as key')
  if (secret === 'key')
    return refuse('a url must not hold a key, since it is shown; give the key as key, or in headers')
  if (url.hash !== '') return refuse('its url must not hold a #')
  if (url.pathname === '/') url.pathname = kind.path
  return { url, isOwners: settings.url !== undefined || kind.isLocalEngine === true }
}

const version = /\/v\d+[a-z0-9]*$/

/** Gives the address of one thing at a provider: `path` is relative to its URL, whose query stays. */
export function resolve({ url }: Address, path: string): URL {
  const base = new URL(url)
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/`
  const resolved = new URL(path, base)
  for (const [name, value] of url.searchParams) resolved.searchParams.set(name, value)
  return resolved
}

/** Gives the address at which a provider answers in a dialect. */
export function dialectAddress(address: Address, dialect: Dialect): Address {
  // People write Anthropic's URL without its version, as ANTHROPIC_BASE_URL has it, and OpenAI's with it.
  if (dialect.protocol !== 'anthropic-messages') return address
  const url = new URL(address.url)
  const path = url.pathname.replace(/\/+$/, '')
  if (!version.test(path)) url.pathname = `${path}/v1`
  return { ...address, url }
}
