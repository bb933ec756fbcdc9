import type { Dispatcher } from 'undici'
import { ModelError } from '../core/errors.ts'
import type { Timeouts } from '../core/provider-settings.ts'
import type { Secret } from '../core/secret.ts'
import type { RequestHeaders } from '../protocols/protocol.ts'
import { Deadline } from './deadline.ts'
import { connectionFailure, scrubbed } from './failures.ts'
import { maxBytes } from './limits.ts'
import type { Outbound, OutboundRequest } from './outbound.ts'

/** One request to a provider and what comes back for it, under one deadline. */
export class Exchange {
  readonly #means: ExchangeMeans
  readonly #deadline: Deadline
  #body: Dispatcher.ResponseData['body'] | undefined
  #isWhole = false

  constructor(means: ExchangeMeans) {
    this.#means = means
    this.#deadline = new Deadline(means)
    this.#deadline.start('total')
  }

  /** Sends the request. Gives the head of any answer but a redirect, which is never followed. */
  async open(question: Question): Promise<ReplyHead> {
    this.#deadline.start('connect')
    if (question.isStreaming) this.#deadline.start('first-token')
    const {
      statusCode: status,
      headers,
      body,
    } = await this.#means.outbound.send({
      ...question,
      signal: this.#deadline.signal,
      onConnected: () => this.#deadline.stop('connect'),
    })
    this.#body = body
    if (status >= 300 && status < 400) throw this.#broken(`redirects (${status}); set its url to where it answers`)
    const head = { status, headers: flat(headers) }
    const encoding = head.headers['content-encoding']?.toLowerCase() ?? 'identity'
    if (encoding !== 'identity') throw this.#broken('sent its answer compressed, which was not asked for')
    return head
  }

  /** Says that the answer has begun to tell something. */
  hasBegun(): void {
    this.#deadline.stop('first-token')
  }

  /** Gives the bytes of the body as they come. */
  async *chunks(limit: number = maxBytes.stream): AsyncGenerator<Uint8Array> {
    let read = 0
    this.#deadline.start('idle')
    for await (const chunk of this.#read()) {
      // Only the upstream's silence counts: a client that reads slowly is no fault of it.
      this.#deadline.stop('idle')
      read += chunk.length
      if (read > limit) throw this.#broken(`sent more than ${limit} bytes`)
      yield chunk
      this.#deadline.start('idle')
    }
    this.#deadline.stop('idle')
  }

  /** Reads the whole body. */
  async bytes(limit: number): Promise<Buffer> {
    const pieces: Uint8Array[] = []
    for await (const piece of this.chunks(limit)) pieces.push(piece)
    return Buffer.concat(pieces)
  }

  /** Reads what a reply says of its failure, as far as that comes soon and is worth reading: its status tells the most. */
  async complaint(): Promise<Buffer> {
    const pieces: Uint8Array[] = []
    let length = 0
    this.#deadline.stop('first-token')
    const tooLate = setTimeout(() => this.#deadline.abort(), complaintMs)
    try {
      for await (const piece of this.#read()) {
        pieces.push(piece)
        length += piece.length
        if (length >= maxBytes.error) break
      }
    } catch (error) {
      if (this.#deadline.failure) throw error
    } finally {
      clearTimeout(tooLate)
    }
    return Buffer.concat(pieces).subarray(0, maxBytes.error)
  }

  /** Gives what a failure means, as it may be told. */
  explain(error: unknown): ModelError {
    if (this.#deadline.failure) return this.#deadline.failure
    const failure = error instanceof ModelError ? error : connectionFailure(this.#means.name, error)
    return scrubbed(failure, this.#means.secrets)
  }

  /** Lets the connection serve again where the answer was read to its end, and closes it at once otherwise. */
  close({ isAnswered }: { readonly isAnswered: boolean }): void {
    if (isAnswered && !this.#isWhole && this.#body && !this.#deadline.signal.aborted) return this.#drain(this.#body)
    if (this.#isWhole) this.#deadline.close()
    else this.#deadline.abort()
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    yield* this.#body?.iterator({ destroyOnReturn: false }) ?? nothing()
    this.#isWhole = true
  }

  /* What follows the end of an answer is a line or two. */
  #drain(body: Dispatcher.ResponseData['body']): void {
    const tooLate = setTimeout(() => this.#deadline.abort(), drainMs).unref()
    let left = drainBytes
    body.on('error', () => {})
    body.on('data', (piece: Uint8Array) => {
      left -= piece.length
      if (left < 0) this.#deadline.abort()
    })
    body.once('close', () => {
      clearTimeout(tooLate)
      this.#deadline.close()
    })
  }

  #broken(problem: string): ModelError {
    return new ModelError('unavailable', `${this.#means.name} ${problem}`)
  }
}

/** What an exchange needs to know. */
export interface ExchangeMeans {
  /** How the provider is called in messages. */
  readonly name: string
  readonly outbound: Outbound
  readonly timeouts: Required<Timeouts>
  /** What must not be told, whoever says it. */
  readonly secrets: readonly Secret[]
  readonly signal: AbortSignal
}

export type Question = Pick<OutboundRequest, 'url' | 'method' | 'headers' | 'body' | 'isOwnersUrl' | 'isLocal'> & {
  readonly isStreaming: boolean
}

export interface ReplyHead {
  readonly status: number
  /** Names in lower case. */
  readonly headers: RequestHeaders
}

/* Whoever else could answer is waiting for it. */
const complaintMs = 1000
const drainMs = 1000
const drainBytes = 64 * 1024

async function* nothing(): AsyncGenerator<Uint8Array> {}

function flat(headers: Dispatcher.ResponseData['headers']): RequestHeaders {
  const one = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value] as const)
  return Object.fromEntries(one)
}
