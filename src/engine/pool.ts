import { ModelError } from '../core/errors.ts'
import type { HostExit, ModelHost } from './host.ts'

/** One child process for each model that is in use; requests that ask for the same one share its loading. */
export interface HostPool {
  /** Gives the model's host, loading it if it is not loaded. Throws a `ModelError`. */
  host(model: string): Promise<ModelHost>
  /** The models that are loaded or being loaded. */
  status(): readonly HostStatus[]
  /** Ends every child. The pool takes no more requests. */
  close(): Promise<void>
}

export interface HostStatus {
  readonly model: string
  readonly state: 'loading' | 'ready'
  readonly processId?: number
}

export interface PoolOptions {
  /** Loads a model in a child of its own. Throws a `ModelError`. */
  readonly start: (model: string) => Promise<ModelHost>
  readonly now: () => number
  readonly onCrash: (model: string, exit: HostExit) => void
}

/* A model whose child ended this often within the window is left alone for the rest of it. */
const mostCrashes = 3
const crashWindowMs = 60_000

interface Entry {
  readonly starting: Promise<ModelHost>
  host?: ModelHost
}

/** Makes a pool. A child that ends by itself is started again at once, unless it keeps ending. */
export function createHostPool(options: PoolOptions): HostPool {
  return new Pool(options)
}

class Pool implements HostPool {
  readonly #options: PoolOptions
  readonly #entries = new Map<string, Entry>()
  readonly #crashes = new Map<string, readonly number[]>()
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  async host(model: string): Promise<ModelHost> {
    if (this.#isClosed) throw new ModelError('unavailable', 'the server is stopping')
    const entry = this.#entries.get(model)
    if (entry) return entry.starting
    this.#refuseCrashing(model)
    return this.#open(model).starting
  }

  status(): readonly HostStatus[] {
    return [...this.#entries].map(([model, { host }]) => ({
      model,
      state: host ? 'ready' : 'loading',
      ...(host?.processId !== undefined && { processId: host.processId }),
    }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled(
      [...this.#entries.values()].map(async ({ starting }) => {
        const host = await starting
        host.kill()
        await host.exited
      }),
    )
  }

  #open(model: string): Entry {
    const entry: Entry = { starting: this.#options.start(model) }
    this.#entries.set(model, entry)
    void this.#watch(model, entry)
    return entry
  }

  async #watch(model: string, entry: Entry): Promise<void> {
    try {
      entry.host = await entry.starting
    } catch {
      // Whoever asked for the model is told; the next request tries again.
      this.#entries.delete(model)
      return
    }
    const exit = await entry.host.exited
    this.#entries.delete(model)
    if (this.#isClosed) return
    this.#options.onCrash(model, exit)
    this.#crashes.set(model, [...this.#recentCrashes(model), this.#options.now()])
    // The first request after a crash should find the model loaded, or loading.
    if (this.#recentCrashes(model).length < mostCrashes) this.#open(model).starting.catch(() => {})
  }

  #recentCrashes(model: string): readonly number[] {
    const since = this.#options.now() - crashWindowMs
    return (this.#crashes.get(model) ?? []).filter(at => at > since)
  }

  #refuseCrashing(model: string): void {
    const crashes = this.#recentCrashes(model)
    const first = crashes[0]
    if (first === undefined || crashes.length < mostCrashes) return
    const retryAfterMs = first + crashWindowMs - this.#options.now()
    throw new ModelError(
      'unavailable',
      `the engine process of '${model}' ended ${crashes.length} times within a minute; it is tried again in ${Math.ceil(retryAfterMs / 1000)} s`,
      { retryAfterMs },
    )
  }
}
