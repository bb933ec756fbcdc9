import { formatBytes } from '../core/bytes.ts'
import { ModelError } from '../core/errors.ts'
import type { LoadPlan } from './load-plan.ts'
import { chooseLeaving, isDue } from './making-way.ts'
import { chooseEvictions, measureRoom, onGraphics, sum } from './memory-budget.ts'
import type { Room } from './memory-budget.ts'
import { createPromisedRoom } from './promised-room.ts'
import type { PromisedRoom } from './promised-room.ts'
import { toHolding } from './resident.ts'
import type { Resident, ResidentHolding } from './resident.ts'
import { toAbortion, waitFor } from './wait-for.ts'

export interface SharedMemoryOptions {
  /** Memory for all models together; what is available, where it is absent. */
  readonly memoryBytes?: number
  readonly availableMemoryBytes: () => number
  /** What was free of a graphics processor's own memory before any model was loaded; undefined where there is none. */
  readonly graphicsBytes: () => number | undefined
  /** How long a model waits for busy ones to make room. */
  readonly queueTimeoutMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Aborted, with the reason, when the pool takes no more requests. */
  readonly closing: AbortSignal
  /** All models that have memory or wait for it; of those that wait, the one that was asked for first comes first. */
  readonly residents: () => readonly Resident[]
  /** The models that will likely be used: each is left its share. */
  readonly likely: () => readonly string[]
  /** Unloads a model without requests. */
  readonly unload: (resident: Resident) => void
  /** Has a model finish its answers and go, to make way for another one. */
  readonly leave: (resident: Resident, other: string) => void
}

/** Knows from a model's file how it can be run. */
export interface Planner {
  /** Decides how to run it; undefined where it must wait for room. Throws `unavailable` where waiting does not help. */
  plan(room: Room): LoadPlan | undefined
  /** What it takes at least. */
  leastBytes(room: Room): number
}

/* Other programs give memory back unheard, and who waits becomes due in time. */
const looksAgainAfterMs = 500

/** The memory that models share: sets it apart for one after the other, and has others make room. */
export class SharedMemory {
  readonly #options: SharedMemoryOptions
  readonly #initialBytes: number
  readonly #promised: PromisedRoom
  #changed = Promise.withResolvers<void>()

  constructor(options: SharedMemoryOptions) {
    this.#options = options
    this.#initialBytes = options.availableMemoryBytes()
    this.#promised = createPromisedRoom(options.now)
  }

  /** Measures the room that a model could have. */
  room(model: string): Room {
    const { availableMemoryBytes, memoryBytes, graphicsBytes, likely } = this.#options
    const budget = {
      initialBytes: this.#initialBytes,
      availableBytes: availableMemoryBytes(),
      sharers: new Set([model, ...likely()]).size,
    }
    const holdings = this.#holdings()
    const room = measureRoom(holdings, { ...budget, ...(memoryBytes !== undefined && { ownersBytes: memoryBytes }) })
    const ofGraphics = graphicsBytes()
    const promised = this.#promised.toOthers(model)
    return {
      ...room,
      freeBytes: room.freeBytes - Math.max(0, promised - this.#endingBytes()),
      reclaimableBytes: room.reclaimableBytes - promised,
      ...(ofGraphics !== undefined && {
        graphics: measureRoom(onGraphics(holdings), { ...budget, ownersBytes: ofGraphics }),
      }),
    }
  }

  /**
   * Sets memory apart for a model. Idle ones are unloaded for it at once, and busy ones make way for it in turn.
   * Throws `overloaded` where that takes too long.
   */
  async setApart(resident: Resident, planner: Planner): Promise<LoadPlan> {
    const { closing, queueTimeoutMs } = this.#options
    const { model } = resident
    const patience = AbortSignal.any([AbortSignal.timeout(queueTimeoutMs), closing])
    try {
      for (;;) {
        const room = this.room(model)
        const plan = planner.plan(room)
        if (plan && isFree(plan, room)) return this.#give(resident, plan)
        if (plan) this.#evict(model, plan, room)
        else this.#makeWay(resident, planner.leastBytes(room))
        if (patience.aborted) throw closing.aborted ? toAbortion(closing) : this.#noRoom(model, room)
        await this.#untilChanged(patience)
      }
    } finally {
      this.#promised.postpone(model)
    }
  }

  /** Has those that wait look again. */
  tellChanged(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #untilChanged(patience: AbortSignal): Promise<void> {
    const soon = AbortSignal.any([patience, AbortSignal.timeout(looksAgainAfterMs)])
    await waitFor(this.#changed.promise, soon).catch(() => {})
  }

  #give(resident: Resident, plan: LoadPlan): LoadPlan {
    this.#promised.keep(resident.model)
    resident.plan = plan
    return plan
  }

  /** Unloads idle models where those that end anyway do not leave enough. */
  #evict(model: string, plan: LoadPlan, room: Room): void {
    const { unload } = this.#options
    const soonBytes = Math.max(0, this.#endingBytes() - this.#promised.toOthers(model))
    const lackingBytes = plan.memoryBytes - room.freeBytes - soonBytes
    for (const { resident } of chooseEvictions(this.#holdings(), lackingBytes)) unload(resident)
    const holdings = onGraphics(this.#holdings())
    const soonOnGraphics = sum(holdings.filter(({ state }) => state === 'ending'))
    const lackingOnGraphics = bytesOnGraphics(plan) - freeOnGraphics(room) - soonOnGraphics
    for (const { resident } of chooseEvictions(holdings, lackingOnGraphics)) unload(resident)
  }

  /** Once somebody waited for long, has busy models make way. Who waits longest goes first. */
  #makeWay(waiting: Resident, leastBytes: number): void {
    const { now, leave, residents } = this.#options
    const { model } = waiting
    if (!isDue(waiting, now())) return
    const first = residents().find(other => isDue(other, now()) && !this.#promised.has(other.model))
    if (first !== waiting && !this.#promised.has(model)) return
    const bytes = leastBytes - this.room(model).reclaimableBytes
    const leaving = chooseLeaving(this.#holdings(), { waiting, bytes }, now())
    if (leaving.length > 0) this.#promised.promise(model, leastBytes)
    for (const resident of leaving) leave(resident, model)
  }

  #holdings(): readonly ResidentHolding[] {
    return this.#options.residents().flatMap(resident => toHolding(resident) ?? [])
  }

  #endingBytes(): number {
    return sum(this.#holdings().filter(({ state }) => state === 'ending'))
  }

  #noRoom(model: string, { freeBytes }: Room): ModelError {
    const busy = this.#holdings().filter(({ resident }) => resident.state !== 'ending')
    const names = busy.map(holding => `'${holding.model}'`).join(', ')
    return new ModelError(
      'overloaded',
      `there is no memory for model '${model}' beside those that are in use (${names}): ${formatBytes(freeBytes)} of the budget is free; try again in a moment, or give models more with --memory`,
      { retryAfterMs: 5000 },
    )
  }
}

function isFree(plan: LoadPlan, room: Room): boolean {
  return plan.memoryBytes <= room.freeBytes && bytesOnGraphics(plan) <= freeOnGraphics(room)
}

function bytesOnGraphics({ graphics }: LoadPlan): number {
  return graphics?.bytes ?? 0
}

function freeOnGraphics({ graphics }: Room): number {
  return Math.max(0, graphics?.freeBytes ?? 0)
}
