import { EvenShares } from '../core/even-shares.ts'
import { ModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import type { ServerLimits } from './limits.ts'

interface Taken {
  readonly who: string
  readonly bytes: number
}

/**
 * The places for requests to models: so many are under way at a time, with so many bytes together,
 * and the next one is told to come back, unless its key has less than its share of them.
 */
export class Places {
  readonly #limits: ServerLimits
  readonly #taken = new Map<Exchange, Taken>()
  readonly #requests = new EvenShares()
  readonly #bytes = new EvenShares()

  constructor(limits: ServerLimits) {
    this.#limits = limits
  }

  /** Throws `overloaded` where every place is taken, or the body would not fit beside the others. */
  take(exchange: Exchange): void {
    const { maxInFlight } = this.#limits
    const who = exchange.key?.name ?? ''
    if (!this.#requests.hasRoom(who, 1, maxInFlight)) throw full(`all ${maxInFlight} places for requests are taken`)
    const bytes = this.#mostBytes(exchange)
    this.#takeBytes(exchange, { who, bytes }, 0)
    this.#requests.take(who, 1)
  }

  /**
   * Takes room for what a request brings along besides its body. Throws `overloaded` where that would not fit beside
   * the others, and what ended the exchange where it is over.
   */
  makeRoom(exchange: Exchange, bytes: number): void {
    exchange.signal.throwIfAborted()
    const { who, bytes: own } = this.#taken.get(exchange) ?? { who: exchange.key?.name ?? '', bytes: 0 }
    this.#takeBytes(exchange, { who, bytes }, own)
  }

  leave(exchange: Exchange): void {
    const taken = this.#taken.get(exchange)
    if (!taken) return
    this.#taken.delete(exchange)
    this.#requests.giveBack(taken.who, 1)
    this.#bytes.giveBack(taken.who, taken.bytes)
  }

  /* One that is alone always fits. */
  #takeBytes(exchange: Exchange, { who, bytes }: Taken, own: number): void {
    const isAlone = this.#bytes.total === own
    if (!isAlone && !this.#bytes.hasRoom(who, bytes, this.#limits.maxBytesInFlight)) {
      throw full('the requests under way hold as much as the server has room for')
    }
    this.#taken.set(exchange, { who, bytes: own + bytes })
    this.#bytes.take(who, bytes)
  }

  /** What a body takes as far as its headers tell: one that is packed, or of no told length, takes all it may. */
  #mostBytes({ request: { headers } }: Exchange): number {
    const { maxBodyBytes } = this.#limits
    const told = headers['content-encoding'] === undefined ? Number(headers['content-length']) : Number.NaN
    return told >= 0 ? Math.min(told, maxBodyBytes) : maxBodyBytes
  }
}

function full(why: string): ModelError {
  return new ModelError('overloaded', `${why}; try again shortly`, { retryAfterMs: 1000 })
}
