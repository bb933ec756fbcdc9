import type { Dispatcher } from 'undici'
import { Agent, EnvHttpProxyAgent, request } from 'undici'
import { isPublicAddress, literalAddress, lookupPublic } from '../network/addresses.ts'
import { abortError, connectionFailure, refusal, statusFailure } from './failures.ts'
import { proxyOptions } from '../network/proxy.ts'
import type { HubSettings } from './hub.ts'
import type { DownloadLimits } from './limits.ts'

/** What the answers on the way to a file say about it: the hub tells its checksum before it redirects. */
export interface Announced {
  readonly status: number
  readonly etag?: string
  /** The SHA-256 of the whole file. */
  readonly sha256?: string
  readonly totalBytes?: number
  /** Where in the file the body begins. */
  readonly offset: number
}

export interface OpenFile extends Announced {
  readonly host: string
  readonly body: Dispatcher.ResponseData['body']
}

export interface FileRequest {
  readonly url: URL
  /** The first byte that is wanted. */
  readonly offset: number
  readonly signal: AbortSignal
}

export interface TransportSettings {
  readonly hub: HubSettings
  readonly limits: DownloadLimits
  /** An origin beside the hub's endpoint that may be on this machine: one that a person typed. */
  readonly trustedOrigin?: string
}

const maxHops = 5
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Opens files over HTTP, following redirects by hand: each hop is https to a public address, or an origin that
 * the owner configured; the token goes to the hub's own origin only.
 */
export class Transport {
  readonly #settings: TransportSettings
  readonly #endpointOrigin: string
  readonly #trusted: ReadonlySet<string>
  readonly #open: Dispatcher
  readonly #guarded: Dispatcher

  constructor(settings: TransportSettings) {
    this.#settings = settings
    this.#endpointOrigin = endpointOrigin(settings.hub.endpoint)
    this.#trusted = new Set([this.#endpointOrigin, settings.trustedOrigin].filter(origin => origin !== undefined))
    this.#open = createDispatcher(settings, { timeout: settings.limits.connectTimeoutMs })
    this.#guarded = createDispatcher(settings, { timeout: settings.limits.connectTimeoutMs, lookup: lookupPublic })
  }

  /** Asks for a file from a byte on. Gives a body only for 200 and 206; 416 is given without one. */
  async open(file: FileRequest): Promise<OpenFile> {
    let url = file.url
    let known: Partial<Announced> = {}
    for (let hop = 0; hop <= maxHops; hop++) {
      const response = await this.#ask(url, file)
      if (url.origin === this.#endpointOrigin) known = { ...known, ...linked(response.headers) }
      const location = header(response.headers, 'location')
      if (!redirects.has(response.statusCode) || location === undefined) return this.#accept(response, url, known)
      await discard(response.body)
      url = nextUrl(location, url)
    }
    throw refusal('unavailable', `${file.url.host} redirects more than ${maxHops} times`)
  }

  async close(): Promise<void> {
    await Promise.all([this.#open.destroy(), this.#guarded.destroy()])
  }

  async #ask(url: URL, file: FileRequest): Promise<Dispatcher.ResponseData> {
    this.#check(url)
    const isTrusted = this.#trusted.has(url.origin)
    try {
      return await request(url, {
        dispatcher: isTrusted ? this.#open : this.#guarded,
        headers: this.#headers(url, file.offset),
        signal: file.signal,
        headersTimeout: this.#settings.limits.idleTimeoutMs,
        bodyTimeout: this.#settings.limits.idleTimeoutMs,
      })
    } catch (error) {
      if (file.signal.aborted) throw abortError()
      throw connectionFailure(error, url.host)
    }
  }

  #check(url: URL): void {
    if (this.#trusted.has(url.origin)) return
    if (url.protocol !== 'https:') {
      throw refusal(
        'forbidden',
        `${url.protocol}//${url.host} is not accepted; downloads are over https, or from HF_ENDPOINT`,
      )
    }
    const address = literalAddress(url.hostname)
    if (address !== undefined && !isPublicAddress(address)) {
      throw refusal(
        'forbidden',
        `${url.host} is a private address; downloads come from public addresses or from HF_ENDPOINT`,
      )
    }
  }

  #headers(url: URL, offset: number): Record<string, string> {
    const { token } = this.#settings.hub
    return {
      'accept-encoding': 'identity',
      'user-agent': 'duologue',
      ...(offset > 0 && { range: `bytes=${offset}-` }),
      ...(token !== undefined && url.origin === this.#endpointOrigin && { authorization: `Bearer ${token}` }),
    }
  }

  async #accept(response: Dispatcher.ResponseData, url: URL, known: Partial<Announced>): Promise<OpenFile> {
    const { headers, statusCode: status, body } = response
    if (status !== 200 && status !== 206) await discard(body)
    if (status !== 200 && status !== 206 && status !== 416) throw statusFailure(status, url.host, retryAfterMs(headers))
    const encoding = header(headers, 'content-encoding')
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      await discard(body)
      throw refusal(
        'unavailable',
        `${url.host} sends the file compressed (${encoding.slice(0, 20)}), which was not asked for`,
      )
    }
    const etag = header(headers, 'etag') ?? header(headers, 'last-modified')
    return { status, host: url.host, body, ...(etag !== undefined && { etag }), ...extent(status, headers), ...known }
  }
}

function endpointOrigin(endpoint: string): string {
  const url = URL.parse(endpoint)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw refusal('invalid-request', `HF_ENDPOINT is "${endpoint}", which is not an http or https address`)
  }
  return url.origin
}

function createDispatcher(settings: TransportSettings, connect: Agent.Options['connect']): Dispatcher {
  const { proxy } = settings.hub
  const options: Agent.Options = { ...(connect !== undefined && { connect }), connections: 4 }
  return proxy === undefined ? new Agent(options) : new EnvHttpProxyAgent({ ...options, ...proxyOptions(proxy) })
}

type Headers = Dispatcher.ResponseData['headers']

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

/** Reads what the hub says of a file that lies elsewhere. */
function linked(headers: Headers): Partial<Announced> {
  const etag = header(headers, 'x-linked-etag')
  const sha256 = /^(?:W\/)?"?([0-9a-f]{64})"?$/.exec(etag ?? '')?.[1]
  const totalBytes = count(header(headers, 'x-linked-size'))
  return {
    ...(etag !== undefined && { etag }),
    ...(sha256 !== undefined && { sha256 }),
    ...(totalBytes !== undefined && { totalBytes }),
  }
}

function extent(status: number, headers: Headers): Pick<Announced, 'offset' | 'totalBytes'> {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(header(headers, 'content-range') ?? '')
  const totalBytes = count(status === 200 ? header(headers, 'content-length') : range?.[2])
  return { offset: status === 206 ? (count(range?.[1]) ?? -1) : 0, ...(totalBytes !== undefined && { totalBytes }) }
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function retryAfterMs(headers: Headers): number | undefined {
  const seconds = count(header(headers, 'retry-after'))
  return seconds === undefined ? undefined : seconds * 1000
}

function nextUrl(location: string, from: URL): URL {
  const url = URL.parse(location, from.href)
  if (url === null) throw refusal('unavailable', `${from.host} redirects to something that is not an address`)
  return url
}

async function discard(body: Dispatcher.ResponseData['body']): Promise<void> {
  await body.dump({ limit: 64 * 1024 }).catch(() => {})
}
