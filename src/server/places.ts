import { ModelError } from '../core/errors.ts'
import type { Exchange } from './exchange.ts'

/** The places for requests to models: so many are under way at a time, and the next one is told to come back. */
export class Places {
  readonly #taken = new Set<Exchange>()
  readonly #count: number

  constructor(count: number) {
    this.#count = count
  }

  /** Throws `overloaded` where every place is taken. */
  take(exchange: Exchange): void {
    if (this.#taken.size >= this.#count) {
      throw new ModelError('overloaded', `all ${this.#count} places for requests are taken; try again shortly`, {
        retryAfterMs: 1000,
      })
    }
    this.#taken.add(exchange)
  }

  leave(exchange: Exchange): void {
    this.#taken.delete(exchange)
  }
}
