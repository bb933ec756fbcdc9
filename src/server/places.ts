import { ModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'
import type { ServerLimits } from './limits.ts'

/**
 * The places for requests to models: so many are under way at a time, with so many bytes of bodies together,
 * and the next one is told to come back.
 */
export class Places {
  readonly #bytesOf = new Map<Exchange, number>()
  readonly #limits: ServerLimits
  #bytes = 0

  constructor(limits: ServerLimits) {
    this.#limits = limits
  }

  /** Throws `overloaded` where every place is taken, or the body would not fit beside the others. */
  take(exchange: Exchange): void {
    const { maxInFlight, maxBytesInFlight } = this.#limits
    if (this.#bytesOf.size >= maxInFlight) throw full(`all ${maxInFlight} places for requests are taken`)
    const bytes = this.#mostBytes(exchange)
    if (this.#bytes > 0 && this.#bytes + bytes > maxBytesInFlight) {
      throw full('the requests under way hold as much as the server has room for')
    }
    this.#bytesOf.set(exchange, bytes)
    this.#bytes += bytes
  }

  leave(exchange: Exchange): void {
    this.#bytes -= this.#bytesOf.get(exchange) ?? 0
    this.#bytesOf.delete(exchange)
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
