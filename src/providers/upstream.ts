import { ModelError } from '../core/errors.ts'
import type { ProtocolId } from '../core/extras.ts'
import { foreignLosses } from '../core/foreign-extras.ts'
import type { Json } from '../core/json.ts'
import type { ProviderSettings, Timeouts } from '../core/provider-settings.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Secret } from '../core/secret.ts'
import { isLoopbackHost } from '../network/addresses.ts'
import { anthropicMessages } from '../protocols/anthropic-messages/index.ts'
import { defined, parseJson } from '../protocols/json.ts'
import { openaiChat } from '../protocols/openai-chat/index.ts'
import { openaiResponses } from '../protocols/openai-responses/index.ts'
import type { ClientCodec } from '../protocols/protocol.ts'
import { addressOf, dialectAddress, resolve } from './address.ts'
import type { Address } from './address.ts'
import { Exchange } from './exchange.ts'
import type { ReplyHead } from './exchange.ts'
import { ownHeaders } from './headers.ts'
import { healthTimeoutMs, maxBytes, questionTimeoutMs, timeoutsOf } from './limits.ts'
import type { Outbound } from './outbound.ts'
import { prepare } from './prepare.ts'
import type { Prepared } from './prepare.ts'
import type { Ask, Dialect, Kind } from './provider.ts'
import type { Target } from './target.ts'
import { withhold } from './withheld.ts'

const codecs: Readonly<Record<ProtocolId, ClientCodec>> = {
  'anthropic-messages': anthropicMessages.client,
  'openai-chat': openaiChat.client,
  'openai-responses': openaiResponses.client,
}

/** A provider as it is spoken to: its address, its key, its wire format. */
export class Upstream {
  readonly settings: ProviderSettings
  readonly kind: Kind
  readonly dialect: Dialect
  readonly codec: ClientCodec
  readonly isLocal: boolean
  readonly #outbound: Outbound
  #address: Address
  readonly #headers: ReadonlyMap<string, Secret>
  readonly #secrets: readonly Secret[]

  constructor(settings: ProviderSettings, kind: Kind, outbound: Outbound) {
    this.settings = settings
    this.kind = kind
    this.dialect = chooseDialect(settings, kind)
    this.codec = codecs[this.dialect.protocol]
    this.#outbound = outbound
    this.#address = dialectAddress(addressOf(settings, kind), this.dialect)
    this.#headers = ownHeaders(settings, kind)
    this.#secrets = [...(settings.key ? [settings.key] : []), ...Object.values(settings.headers ?? {})]
    this.isLocal = settings.isLocal ?? (kind.isLocalEngine === true && isLoopbackHost(this.#address.url.hostname))
  }

  /** The host of its address, as a URL has it. */
  get hostname(): string {
    return this.#address.url.hostname
  }

  /** Asks at another port from here on: that of an engine which was started there. */
  moveTo(port: number): void {
    const url = new URL(this.#address.url)
    url.port = String(port)
    this.#address = { ...this.#address, url }
  }

  /** How reasoning of this model is told from that of all others. */
  target(model: string): Target {
    const { protocol, isRelayed = false, compat = {} } = this.dialect
    return {
      protocol,
      origin: this.signsItself ? protocol : `${this.kind.id}/${model}`,
      // What a relayed client got from it has no mark of ours.
      takesUnmarked: isRelayed,
      takesReasoning: compat.reasoningField !== 'none',
      thinksFirst: protocol === 'anthropic-messages' && compat.unsignedReasoning !== 'accepted',
    }
  }

  /** Whether it owns the wire format, so that signatures without a mark are its own. */
  get signsItself(): boolean {
    return this.kind.owns === this.dialect.protocol
  }

  /** Makes a request one that this provider takes. */
  prepare(request: ModelRequest): Prepared {
    return prepare(request, this.target(request.model))
  }

  /** Says a request in the provider's own words. */
  encode(request: ModelRequest, isStreaming: boolean): ReturnType<ClientCodec['encodeRequest']> {
    const { compat, adjust, protocol } = this.dialect
    const encoded = this.codec.encodeRequest({ request, isStreaming }, compat)
    const losses = [...foreignLosses(request, protocol), ...encoded.losses]
    const body = withhold(encoded.body, losses)
    return { ...encoded, body: adjust?.(body) ?? body, losses }
  }

  /** Refuses, before anything is sent, what must not or cannot go there. */
  async admit(model: string, signal: AbortSignal): Promise<void> {
    const { id } = this.settings
    if (this.kind.needsKey && this.#headers.size === 0) {
      throw new ModelError('unauthorized', `provider ${id} has no key; ${keyHint(this.kind)}`)
    }
    if (!this.isLocal || !this.kind.runsElsewhere) return
    if (await this.kind.runsElsewhere(model, this.ask, signal)) {
      const fix = `add a provider of the kind ${this.kind.id} with local: false (providers add --not-local) for such models`
      throw new ModelError('forbidden', `${id} has ${model} answered by a cloud, and counts as local here; ${fix}`)
    }
  }

  /** Begins a request and what comes of it. */
  exchange(signal: AbortSignal): Exchange {
    return this.#exchange(signal, timeoutsOf(this.kind, this.settings.timeouts))
  }

  /** The address at which this model is asked. */
  answerUrl(model: string): URL {
    const { path } = this.dialect
    return this.url(typeof path === 'string' ? path : path(model, this.#address.url))
  }

  url(path: string): URL {
    return resolve(this.#address, path)
  }

  /** Sends a body, and gives the head of an answer that is none of failure. */
  async post(exchange: Exchange, post: Post): Promise<ReplyHead> {
    const { headers, ...rest } = post
    return this.#open(exchange, {
      ...rest,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
    })
  }

  /** Asks something beside answers: a list, a fact. */
  readonly ask: Ask = ({ path, body, signal }) => {
    const exchange = this.#exchange(signal, questionTimeouts)
    const asked = body ? JSON.stringify(body) : undefined
    return this.#askIn(exchange, {
      url: this.url(path),
      headers: {},
      limit: maxBytes.list,
      ...defined({ body: asked }),
    })
  }

  /** Whether it answers, and does not say that it is not well. */
  async isHealthy(signal: AbortSignal): Promise<boolean> {
    const { healthPath, modelsPath = '' } = this.kind
    const exchange = this.#exchange(signal, healthTimeouts)
    const question = {
      url: this.url(healthPath ?? modelsPath),
      headers: {},
      isStreaming: false,
      method: 'GET',
    } as const
    try {
      // One without such a place is up all the same, and so is one that minds the key.
      return (await this.#send(exchange, question)).status < 500
    } catch {
      return false
    } finally {
      exchange.close({ isAnswered: false })
    }
  }

  /** Asks something that takes as long as an answer may, and gives the JSON that comes. */
  askLong(question: LongQuestion, signal: AbortSignal): Promise<Json> {
    return this.#askIn(this.exchange(signal), question)
  }

  async #askIn(exchange: Exchange, { limit, ...question }: AnyQuestion): Promise<Json> {
    let isAnswered = false
    try {
      await this.#open(exchange, {
        ...question,
        method: question.body === undefined ? 'GET' : 'POST',
        headers: { ...question.headers, accept: 'application/json', 'content-type': 'application/json' },
        isStreaming: false,
      })
      const answer = parseJson((await exchange.bytes(limit)).toString(), 'unavailable')
      isAnswered = true
      return answer
    } catch (error) {
      throw exchange.explain(error)
    } finally {
      exchange.close({ isAnswered })
    }
  }

  #exchange(signal: AbortSignal, timeouts: ReturnType<typeof timeoutsOf>): Exchange {
    return new Exchange({
      name: this.settings.id,
      outbound: this.#outbound,
      timeouts,
      secrets: this.#secrets,
      signal,
    })
  }

  #send(exchange: Exchange, question: Sent): Promise<ReplyHead> {
    const own = [...this.#headers].map(([name, secret]) => [name, secret.reveal()] as const)
    return exchange.open({
      ...question,
      headers: { ...this.#protocolHeaders(), ...question.headers, ...Object.fromEntries(own) },
      isOwnersUrl: this.#address.isOwners,
      isLocal: this.isLocal,
    })
  }

  async #open(exchange: Exchange, question: Sent): Promise<ReplyHead> {
    const head = await this.#send(exchange, question)
    if (head.status >= 200 && head.status < 300) return head
    const told = parsed(await exchange.complaint())
    throw this.#blame(this.codec.decodeError(head.status, head.headers, told))
  }

  /* Anthropic wants its version with every question, the list of models too. */
  #protocolHeaders(): Readonly<Record<string, string>> {
    return this.dialect.protocol === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {}
  }

  /* The key is the owner's, and so is the fault. */
  #blame(error: ModelError): ModelError {
    if (error.kind !== 'unauthorized') return error
    const message = `${this.settings.id} did not accept the key that it was given; check the key of this provider`
    return new ModelError(error.kind, message, error.cause === undefined ? {} : { cause: error.cause })
  }
}

interface AnyQuestion {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The bytes of the answer that are read. */
  readonly limit: number
}

type LongQuestion = AnyQuestion & { readonly body: string }

const questionTimeouts = allTimeouts(questionTimeoutMs)
const healthTimeouts = allTimeouts(healthTimeoutMs)

function allTimeouts(ms: number): Required<Timeouts> {
  return { connectMs: ms, firstTokenMs: ms, idleMs: ms, totalMs: ms }
}

interface Post {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly isStreaming: boolean
}

type Sent = Post & { readonly method: 'GET' | 'POST' }

function chooseDialect({ id, protocol }: ProviderSettings, kind: Kind): Dialect {
  if (protocol === undefined) return kind.dialects[0]
  const chosen = kind.dialects.find(dialect => dialect.protocol === protocol)
  if (chosen) return chosen
  const spoken = kind.dialects.map(({ protocol }) => protocol).join(', ')
  throw new ModelError('invalid-request', `provider ${id}: ${kind.id} does not speak ${protocol}, but ${spoken}`)
}

function keyHint({ keyVariable }: Kind): string {
  return keyVariable === undefined ? 'set its key' : `set its key, for example to \${${keyVariable}}`
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
