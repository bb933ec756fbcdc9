import { EvenShares } from '../core/even-shares.ts'
import { ModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import type { ServerLimits } from './limits.ts'

interface Taken {
  readonly who: string
  readonly bytes: number
}

/**
 * The places for requests to models: so many are under way at a time, with so many bytes of bodies together,
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
    const { maxInFlight, maxBytesInFlight } = this.#limits
    const who = exchange.key?.name ?? ''
    if (!this.#requests.hasRoom(who, 1, maxInFlight)) throw full(`all ${maxInFlight} places for requests are taken`)
    const bytes = this.#mostBytes(exchange)
    if (this.#bytes.total > 0 && !this.#bytes.hasRoom(who, bytes, maxBytesInFlight)) {
      throw full('the requests under way hold as much as the server has room for')
    }
    this.#taken.set(exchange, { who, bytes })
    this.#requests.take(who, 1)
    this.#bytes.take(who, bytes)
  }

  leave(exchange: Exchange): void {
    const taken = this.#taken.get(exchange)
    if (!taken) return
    this.#taken.delete(exchange)
    this.#requests.giveBack(taken.who, 1)
    this.#bytes.giveBack(taken.who, taken.bytes)
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
