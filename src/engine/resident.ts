import type { Priority } from '../core/request.ts'
import type { ModelHost } from './host.ts'
import type { LoadPlan } from './load-plan.ts'
import type { Holding } from './memory-budget.ts'
import type { ReadingStatus } from './reading-rate.ts'

/** One model in the pool, from the wish to load it until its process is gone. */
export interface Resident {
  readonly model: string
  readonly isPinned: boolean
  /**
   * `waiting` for memory, `loading`, `ready` to answer, `leaving` once the answers are over that it writes, or `ending`
   * because it was unloaded.
   */
  state: 'waiting' | 'loading' | 'ready' | 'leaving' | 'ending'
  /** Settles when the model can answer, or cannot be loaded. */
  ready: Promise<ModelHost>
  plan: LoadPlan | undefined
  host: ModelHost | undefined
  /** How much of the model is loaded, from 0 to 1. */
  fraction: number
  /** Requests that use it or wait for it. */
  readonly uses: Set<Use>
  lastUsed: number
  /** When it was asked for. */
  readonly askedSince: number
  /** When it became ready. */
  readySince: number
  /** Aborted when it makes way for another model. */
  readonly leaving: AbortController
  idleTimer: NodeJS.Timeout | undefined
}

/** One request's use of a model. */
export interface Use {
  readonly priority: Priority
}

/** What is known of a model in the pool. */
export interface ModelStatus extends ReadingStatus {
  readonly model: string
  readonly state: Resident['state']
  /** How much of the model is loaded, from 0 to 1. */
  readonly progress: number
  readonly isPinned: boolean
  /** Requests that are answered, or wait. */
  readonly requests: number
  readonly processId?: number
  /** How it is run, and what it takes of the memory; absent until that is decided. */
  readonly plan?: LoadPlan
}

/** A holding that leads back to its model. */
export interface ResidentHolding extends Holding {
  readonly resident: Resident
}

/** What a model takes of the memory; undefined as long as nothing is set apart for it. */
export function toHolding(resident: Resident): ResidentHolding | undefined {
  const { model, plan, lastUsed } = resident
  if (!plan) return undefined
  const { memoryBytes: bytes, graphics } = plan
  return { resident, model, bytes, graphicsBytes: graphics?.bytes ?? 0, lastUsed, state: holdingState(resident) }
}

/** Tells of a model in the pool. */
export function toStatus({ model, state, fraction, isPinned, uses, host, plan }: Resident): ModelStatus {
  return {
    model,
    state,
    progress: fraction,
    isPinned,
    requests: uses.size,
    ...(host?.processId !== undefined && { processId: host.processId }),
    ...host?.reading,
    ...(plan && { plan }),
  }
}

function holdingState({ state, isPinned, uses }: Resident): Holding['state'] {
  if (state === 'waiting' || state === 'loading') return 'loading'
  if (state === 'leaving' || state === 'ending') return 'ending'
  if (isPinned) return 'pinned'
  return uses.size > 0 ? 'busy' : 'idle'
}
