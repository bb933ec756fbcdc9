import { ModelError, toModelError } from '../core/errors.ts'
import type { Priority } from '../core/request.ts'
import type { Candidate } from './candidate.ts'
import { hasEnded } from './host-exit.ts'
import type { HostExit } from './host-exit.ts'
import type { ModelHost } from './host.ts'
import { createLatelyUsed } from './lately-used.ts'
import type { LatelyUsed } from './lately-used.ts'
import type { LoadPlan } from './load-plan.ts'
import { loadWithLess } from './load-with-less.ts'
import type { PlaceTrouble } from './messages.ts'
import type { Room } from './memory-budget.ts'
import type { PoolNews } from './pool-news.ts'
import type { PoolPolicy } from './pool-policy.ts'
import { createQuarantine } from './quarantine.ts'
import type { Quarantine } from './quarantine.ts'
import { toStatus } from './resident.ts'
import type { ModelStatus, Resident, Use } from './resident.ts'
import { SharedMemory } from './shared-memory.ts'
import { waitFor } from './wait-for.ts'

/** The models that are loaded, each in a process of its own, within one budget of memory. */
export interface ModelPool {
  /**
   * Gives the use of a model, loading it if it is not loaded; requests that ask for the same one share its loading.
   * A model in use is never unloaded. The priority is `normal` where none is given. Throws a `ModelError`.
   */
  use(model: string, signal: AbortSignal, priority?: Priority): Promise<Lease>
  /** How many answers a model writes at once; one, as long as that is not decided. */
  slots(model: string): number
  status(): readonly ModelStatus[]
  /** Measures the room that a model could have. */
  room(model: string): Room
  /** Ends every process. The pool takes no more requests. */
  close(): Promise<void>
}

/** The use of a model until it is given back. */
export interface Lease {
  readonly host: ModelHost
  /** Aborted when the model makes way for another one: who is not being answered yet gives it back and asks again. */
  readonly leaving: AbortSignal
  readonly release: () => void
}

export interface PoolOptions {
  readonly policy: PoolPolicy
  /** Finds a model and checks its file. Throws a `ModelError`. */
  readonly examine: (model: string, signal: AbortSignal) => Promise<Candidate>
  readonly availableMemoryBytes: () => number
  /** What was free of a graphics processor's own memory before any model was loaded; undefined where there is none. */
  readonly graphicsBytes: () => number | undefined
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  readonly onNews: (news: PoolNews) => void
}

const looksAgainAfterMs = 500

/** Makes a pool. A process that ends by itself is started again at once, unless it keeps ending. */
export function createModelPool(options: PoolOptions): ModelPool {
  return new Pool(options)
}

class Pool implements ModelPool {
  readonly #options: PoolOptions
  readonly #memory: SharedMemory
  readonly #quarantine: Quarantine
  readonly #closing = new AbortController()
  readonly #residents = new Map<string, Resident>()
  readonly #ending = new Set<Resident>()
  readonly #latelyUsed: LatelyUsed

  constructor(options: PoolOptions) {
    this.#options = options
    this.#quarantine = createQuarantine(options.now)
    const { pinned, expected } = options.policy
    this.#latelyUsed = createLatelyUsed([...pinned, ...expected], options.now)
    this.#memory = new SharedMemory({
      ...options,
      ...options.policy,
      closing: this.#closing.signal,
      residents: () => this.#all(),
      likely: () => [...this.#latelyUsed.models(), ...this.#residents.keys()],
      unload: resident => this.#unload(resident, 'room'),
      leave: (resident, other) => this.#leave(resident, other),
    })
  }

  async use(model: string, signal: AbortSignal, priority: Priority = 'normal'): Promise<Lease> {
    const resident = this.#find(model)
    const use = { priority }
    resident.uses.add(use)
    clearTimeout(resident.idleTimer)
    const release = (): void => this.#release(resident, use)
    try {
      return { host: await waitFor(resident.ready, signal), leaving: resident.leaving.signal, release }
    } catch (error) {
      release()
      throw error
    }
  }

  slots(model: string): number {
    return this.#residents.get(model)?.plan?.slots ?? 1
  }

  status(): readonly ModelStatus[] {
    return this.#all().map(toStatus)
  }

  room(model: string): Room {
    return this.#memory.room(model)
  }

  async close(): Promise<void> {
    this.#closing.abort(stopping())
    const all = this.#all()
    for (const { idleTimer } of all) clearTimeout(idleTimer)
    await Promise.allSettled(
      all.map(async ({ ready }) => {
        const host = await ready
        host.end()
        await host.exited
      }),
    )
  }

  #all(): readonly Resident[] {
    return [...this.#residents.values(), ...this.#ending]
  }

  #find(model: string): Resident {
    if (this.#closing.signal.aborted) throw stopping()
    const resident = this.#residents.get(model)
    if (resident) return resident
    this.#quarantine.check(model)
    return this.#open(model)
  }

  #open(model: string): Resident {
    const loading = Promise.withResolvers<ModelHost>()
    const resident: Resident = {
      model,
      isPinned: this.#options.policy.pinned.includes(model),
      state: 'waiting',
      ready: loading.promise,
      plan: undefined,
      host: undefined,
      fraction: 0,
      uses: new Set(),
      lastUsed: this.#options.now(),
      askedSince: this.#options.now(),
      readySince: Infinity,
      leaving: new AbortController(),
      idleTimer: undefined,
    }
    this.#residents.set(model, resident)
    this.#options.onNews({ type: 'waiting', model })
    loading.resolve(this.#load(resident))
    void this.#accompany(resident)
    return resident
  }

  async #load(resident: Resident): Promise<ModelHost> {
    const { model } = resident
    const candidate = await this.#options.examine(model, this.#closing.signal)
    const plan = await this.#memory.setApart(resident, candidate)
    try {
      return await loadWithLess(plan, {
        model,
        start: next => this.#start(resident, candidate, next),
        less: refused => candidate.less(refused),
        onRefused: (refused, error) => this.#options.onNews({ type: 'refused', model, plan: refused, error }),
      })
    } catch (error) {
      // What fails once to load would do so for every request.
      this.#quarantine.note(model, hasEnded(error) ? 'ended' : 'not-loaded')
      throw error
    }
  }

  #start(resident: Resident, candidate: Candidate, plan: LoadPlan): Promise<ModelHost> {
    const { model } = resident
    const { signal } = this.#closing
    Object.assign(resident, { state: 'loading', plan, fraction: 0 })
    this.#options.onNews({ type: 'loading', model, plan })
    // What is planned with less leaves more to others.
    this.#memory.tellChanged()
    const onProgress = (fraction: number): void => {
      resident.fraction = fraction
      this.#options.onNews({ type: 'progress', model, fraction })
    }
    const onTrouble = (trouble: PlaceTrouble): void =>
      this.#options.onNews({ type: 'cache-trouble', model, ...trouble })
    return candidate.start(plan, { signal, onProgress, onTrouble })
  }

  /** Sees a model through its life: from loading to the end of its process. */
  async #accompany(resident: Resident): Promise<void> {
    const { model } = resident
    try {
      resident.host = await resident.ready
    } catch (error) {
      this.#forget(resident)
      const failure = toModelError(error)
      // Whoever asked for the model is told; the next request tries again.
      if (!this.#closing.signal.aborted) this.#options.onNews({ type: 'failed', model, error: failure })
      return this.#returnLater(resident)
    }
    Object.assign(resident, { state: 'ready', fraction: 1, readySince: this.#options.now() })
    this.#options.onNews({ type: 'ready', model, processId: resident.host.processId })
    this.#memory.tellChanged()
    if (resident.uses.size === 0) this.#rest(resident)
    const exit = await resident.host.exited
    const isExpected = resident.state === 'ending' || this.#closing.signal.aborted
    this.#forget(resident)
    if (isExpected) this.#options.onNews({ type: 'gone', model })
    else this.#replace(resident, exit)
  }

  #replace(resident: Resident, exit: HostExit): void {
    const { model, state } = resident
    this.#options.onNews({ type: 'crashed', model, exit })
    this.#quarantine.note(model, 'ended')
    if (this.#quarantine.isAlone(model)) this.#returnLater(resident)
    // The first request after a crash should find the model loaded, or loading.
    else if (state !== 'leaving') this.#open(model).ready.catch(() => {})
  }

  /** Has a pinned model that is left alone loaded again as soon as it may be, whether anybody asks for it or not. */
  #returnLater(resident: Resident): void {
    const { model, isPinned } = resident
    if (!isPinned || !this.#quarantine.isAlone(model)) return
    const look = (): void => {
      if (this.#closing.signal.aborted || this.#residents.has(model)) return
      if (this.#quarantine.isAlone(model)) setTimeout(look, looksAgainAfterMs).unref()
      else this.#open(model).ready.catch(() => {})
    }
    look()
  }

  #forget(resident: Resident): void {
    clearTimeout(resident.idleTimer)
    if (this.#residents.get(resident.model) === resident) this.#residents.delete(resident.model)
    this.#ending.delete(resident)
    this.#memory.tellChanged()
  }

  #release(resident: Resident, use: Use): void {
    if (!resident.uses.delete(use)) return
    resident.lastUsed = this.#options.now()
    this.#latelyUsed.note(resident.model)
    if (resident.uses.size > 0) return
    if (resident.state === 'ready') this.#rest(resident)
    if (resident.state === 'leaving') this.#unload(resident, 'room')
  }

  /** Lets a model without requests stay for as long as the owner wants. */
  #rest(resident: Resident): void {
    const { policy } = this.#options
    const keepAliveMs = policy.keepAliveMsOf?.(resident.model) ?? policy.keepAliveMs
    this.#memory.tellChanged()
    if (resident.isPinned || !Number.isFinite(keepAliveMs)) return
    clearTimeout(resident.idleTimer)
    resident.idleTimer = setTimeout(() => this.#unload(resident, 'idle'), keepAliveMs)
    resident.idleTimer.unref()
  }

  #unload(resident: Resident, why: 'idle' | 'room'): void {
    if (resident.uses.size > 0 || (resident.state !== 'ready' && resident.state !== 'leaving')) return
    this.#setAside(resident, 'ending')
    resident.host?.end()
    this.#options.onNews({ type: 'unloaded', model: resident.model, why })
  }

  /** Lets a model finish the answers that it writes, and unloads it then. Who asks for it meanwhile waits for room. */
  #leave(resident: Resident, other: string): void {
    this.#setAside(resident, 'leaving')
    this.#options.onNews({ type: 'leaving', model: resident.model, for: other })
    resident.leaving.abort()
  }

  #setAside(resident: Resident, state: 'leaving' | 'ending'): void {
    clearTimeout(resident.idleTimer)
    if (this.#residents.get(resident.model) === resident) this.#residents.delete(resident.model)
    this.#ending.add(resident)
    resident.state = state
  }
}

function stopping(): ModelError {
  return new ModelError('unavailable', 'the server is stopping')
}
