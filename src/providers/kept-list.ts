import { leaveEarly } from './leave-early.ts'
import type { ListedModel } from './provider.ts'

/** How long a list is as good as new. */
const freshMs = 10 * 60_000

/** How long a failure keeps from asking again, where there is an older list. */
const retryMs = 60_000

type Fetch = (signal: AbortSignal) => Promise<readonly ListedModel[]>

/** Keeps a list of models: fetched once for all who ask, renewed in the background, and the last good one on failure. */
export class KeptList {
  readonly #fetch: Fetch
  readonly #now: () => number
  readonly #closing = new AbortController()
  #models: readonly ListedModel[] | undefined
  #staleAt = 0
  #fetching: Promise<readonly ListedModel[]> | undefined

  constructor(fetch: Fetch, now: () => number) {
    this.#fetch = fetch
    this.#now = now
  }

  /** The last list, without asking. */
  get known(): readonly ListedModel[] | undefined {
    return this.#models
  }

  /** Gives the list, without waiting where there is one. */
  async get(signal: AbortSignal): Promise<readonly ListedModel[]> {
    if (this.#models === undefined) return this.renew(signal)
    if (this.#now() >= this.#staleAt) void this.#shared().catch(() => {})
    return this.#models
  }

  /** Fetches the list anew. Those who ask at the same time share the answer. */
  renew(signal: AbortSignal): Promise<readonly ListedModel[]> {
    return leaveEarly(this.#shared(), signal)
  }

  close(): void {
    this.#closing.abort()
  }

  #shared(): Promise<readonly ListedModel[]> {
    this.#fetching ??= this.#renew().finally(() => (this.#fetching = undefined))
    return this.#fetching
  }

  async #renew(): Promise<readonly ListedModel[]> {
    // Whatever comes of it, nobody asks again while it is under way or soon after.
    this.#staleAt = this.#now() + retryMs
    this.#models = await this.#fetch(this.#closing.signal)
    this.#staleAt = this.#now() + freshMs
    return this.#models
  }
}
