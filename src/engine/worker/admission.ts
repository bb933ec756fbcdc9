import { urgencies } from '../urgencies.ts'
import { findAwaited, isToCome, stopThere } from './awaited.ts'
import type { Awaited } from './awaited.ts'
import type { Job } from './generation.ts'
import { createJobQueue } from './job-queue.ts'
import type { Lane } from './lane.ts'
import type { Behind } from './lane-entry.ts'
import type { LanguageModel } from './language-model.ts'
import type { Seated, Seating } from './seating.ts'
import { worthCopying } from './slots.ts'

/** A prompt that has a lane, with what is there of it. */
export interface Admitted extends Seated {
  readonly job: Job
}

/** A prompt that has a place, and goes on once another one has read what both begin with. */
interface Held {
  readonly job: Job
  readonly awaited: Awaited
  /** How much of it was there when it came. */
  readonly had: number
}

export interface AdmissionOptions {
  readonly model: LanguageModel
  readonly lanes: readonly Lane[]
  readonly seating: Seating
  /** Called once for a prompt that is held. */
  readonly onHeld: (job: Job) => void
}

/**
 * Prompts on their way to a lane. One that begins like another that is being read waits for it rather than read the
 * same beside it, in a place that is set apart for it: which one is chosen when it goes on.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #queue = createJobQueue<Job>(() => performance.now())
  #held: readonly Held[] = []

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** How much each prompt that is held will still have to read when it goes on. */
  get heldTokens(): readonly number[] {
    return this.#held.map(({ job, awaited }) => job.tokens.length - awaited.upTo)
  }

  /** Whether the next one can be seated, or be held. */
  get isDue(): boolean {
    return this.#due() !== undefined
  }

  /** What waits for a lane's prompt; undefined where nothing does. */
  behind(lane: Lane): Behind | undefined {
    const waiting = this.#held.filter(({ awaited }) => awaited.lane === lane)
    if (waiting.length === 0) return undefined
    return {
      tokens: Math.min(...waiting.map(({ awaited }) => awaited.upTo - lane.tokens.length)),
      urgency: Math.max(...waiting.map(({ job }) => urgencies[job.priority])),
    }
  }

  push(job: Job): void {
    this.#queue.push(job)
  }

  /** Takes out a prompt, wherever it is. */
  remove(id: number): void {
    this.#queue.remove(id)
    this.#held = this.#held.filter(({ job }) => job.id !== id)
  }

  /** Gives the next prompt that can be read; undefined while all that came wait. */
  async next(): Promise<Admitted | undefined> {
    for (let job = this.#due(); job !== undefined; job = this.#due()) {
      const held = this.#held.find(each => each.job === job)
      if (this.#hold(job, held)) continue
      const seated = await this.#options.seating.seat(job)
      if (!seated) return undefined
      // While a conversation was brought back, the client may have left.
      if (!this.#has(job)) continue
      this.remove(job.id)
      return { ...seated, job, report: { ...seated.report, ...awaitedTokens(seated, held) } }
    }
    return undefined
  }

  /** The first one that was held and need not wait any more, or else of those in the queue, where there is a place. */
  #due(): Job | undefined {
    const ready = this.#held.find(({ job, awaited }) => !isToCome(awaited, job.isReproducible))
    if (ready) return ready.job
    const free = this.#options.lanes.filter(lane => !lane.work)
    return free.length > this.#held.length ? this.#queue.first : undefined
  }

  /** Whether a prompt had better wait for another one. */
  #hold(job: Job, before: Held | undefined): boolean {
    const { lanes, model, seating, onHeld } = this.#options
    const arrival = seating.toArrival(job)
    const awaited = findAwaited(lanes, arrival, model)
    if (!awaited || awaited.upTo <= worthCopying) return false
    const has = seating.available(arrival)
    if (awaited.upTo <= has + worthCopying) return false
    if (!model.canForget) stopThere(awaited)
    this.remove(job.id)
    this.#held = [...this.#held, { job, awaited, had: before?.had ?? has }]
    if (!before) onHeld(job)
    return true
  }

  #has({ id }: Job): boolean {
    return this.#queue.has(id) || this.#held.some(({ job }) => job.id === id)
  }
}

function awaitedTokens({ report }: Seated, held: Held | undefined): { readonly awaitedTokens?: number } {
  return held ? { awaitedTokens: Math.max(0, report.reusedTokens - held.had) } : {}
}
