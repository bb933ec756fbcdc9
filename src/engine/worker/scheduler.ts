import type { GenerationEvent } from '../messages.ts'
import { Generation } from './generation.ts'
import type { Job } from './generation.ts'
import type { BatchEntry, LanguageModel } from './language-model.ts'
import { bulkPiece, chooseSeat } from './slots.ts'
import type { Slot } from './slots.ts'
import { findGaps, planStep } from './step.ts'

/** Writes several answers at once: they join and leave at every step. */
export interface Scheduler {
  submit(job: Job): void
  /** Stops an answer at the end of the step that runs. Nothing more is said of it. */
  cancel(id: number): void
}

export interface SchedulerOptions {
  readonly model: LanguageModel
  readonly sharedPrefillTokens: number
  /** Receives what happened since, before every step and before resting, with the size of the step to come. */
  readonly emit: (events: readonly GenerationEvent[], evaluates: number) => void
  /** Called when the native engine failed in a step: nothing it holds can be trusted any more. */
  readonly onFailure: (error: unknown) => void
}

/** A slot at work or at rest. */
interface Lane {
  readonly id: number
  tokens: number[]
  bulkTokens: number
  lastUsed: number
  work: Work | undefined
}

interface Work {
  readonly generation: Generation
  readonly arrived: number
  /** Drawn and not yet evaluated. */
  next: number | undefined
  isCancelled: boolean
}

/** A piece that one lane evaluates in a step. */
interface Piece {
  readonly lane: Lane
  readonly work: Work
  readonly entry: BatchEntry
}

/** Starts a scheduler over a loaded model. It rests while there is no work. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new StepScheduler(options)
}

class StepScheduler implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #model: LanguageModel
  readonly #lanes: readonly Lane[]
  readonly #queue: Job[] = []
  #events: GenerationEvent[] = []
  #isRunning = false
  #clock = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#model = options.model
    this.#lanes = Array.from({ length: options.model.slots }, (_, id) => ({
      id,
      tokens: [],
      bulkTokens: 0,
      lastUsed: 0,
      work: undefined,
    }))
  }

  submit(job: Job): void {
    this.#queue.push(job)
    if (!this.#isRunning) void this.#run()
  }

  cancel(id: number): void {
    const queued = this.#queue.findIndex(job => job.id === id)
    if (queued >= 0) this.#queue.splice(queued, 1)
    const work = this.#lanes.find(lane => lane.work?.generation.job.id === id)?.work
    if (work) work.isCancelled = true
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    try {
      // The first turn waits for what else arrives in the same read of the socket.
      await Promise.resolve()
      for (;;) {
        this.#dropCancelled()
        // Seating can take a while, and readers need not wait for it.
        if (this.#queue.length > 0 && this.#events.length > 0) this.#flush(0)
        await this.#admit()
        const pieces = this.#planPieces()
        this.#flush(pieces.reduce((sum, { entry }) => sum + entry.tokens.length, 0))
        if (pieces.length === 0) break
        await this.#evaluate(pieces)
      }
    } catch (error) {
      this.#options.onFailure(error)
    } finally {
      this.#isRunning = false
    }
  }

  #flush(evaluates: number): void {
    this.#options.emit(this.#events, evaluates)
    this.#events = []
  }

  #dropCancelled(): void {
    for (const lane of this.#lanes) if (lane.work?.isCancelled) this.#release(lane)
  }

  #release(lane: Lane): void {
    lane.work?.generation.dispose()
    lane.work = undefined
  }

  async #admit(): Promise<void> {
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      const { tokens, isReproducible } = job
      const slots = this.#lanes.map(toSlot)
      const seat = chooseSeat(slots, { tokens, isReproducible, canForget: this.#model.canForget })
      if (!seat) return
      this.#queue.shift()
      const lane = this.#lane(seat.slot)
      if (seat.copyFrom !== undefined) await this.#copy(lane, this.#lane(seat.copyFrom))
      const keep = this.#forget(lane, seat.keep)
      this.#seat(lane, job)
      this.#events.push({ type: 'started', id: job.id, inputTokens: tokens.length, cachedTokens: keep })
    }
  }

  #seat(lane: Lane, job: Job): void {
    this.#clock += 1
    lane.lastUsed = this.#clock
    const generation = new Generation(this.#model, job)
    lane.work = { generation, arrived: this.#clock, next: undefined, isCancelled: false }
  }

  async #copy(target: Lane, source: Lane): Promise<void> {
    await this.#model.copy(target.id, source.id)
    target.tokens = [...source.tokens]
    target.bulkTokens = source.bulkTokens
  }

  /** Drops what a lane holds beyond its first `keep` tokens; gives how many it could keep. */
  #forget(lane: Lane, keep: number): number {
    if (keep === lane.tokens.length) return keep
    const kept = this.#model.forget(lane.id, keep) ? keep : 0
    if (kept !== keep) this.#model.forget(lane.id, 0)
    lane.tokens.length = kept
    lane.bulkTokens = Math.min(lane.bulkTokens, kept)
    return kept
  }

  #planPieces(): readonly Piece[] {
    const busy = this.#lanes.flatMap(lane => (lane.work ? [{ lane, work: lane.work }] : []))
    const working = busy.map(({ lane, work }) => ({
      slot: lane.id,
      remaining: Math.max(0, work.generation.job.tokens.length - lane.tokens.length),
      arrived: work.arrived,
    }))
    const shares = planStep(working, {
      batchTokens: this.#model.batchTokens,
      sharedPrefillTokens: this.#options.sharedPrefillTokens,
    })
    return shares.flatMap(({ slot, count }) => {
      const lane = this.#lane(slot)
      return lane.work ? [{ lane, work: lane.work, entry: toEntry(lane, lane.work, count) }] : []
    })
  }

  async #evaluate(pieces: readonly Piece[]): Promise<void> {
    const pads = this.#pad(pieces)
    const entries = [...pieces.map(({ entry }) => entry), ...pads].toSorted((a, b) => a.slot - b.slot)
    const logits = await this.#model.evaluate(entries)
    for (const { slot, position } of pads) this.#model.forget(slot, position)
    for (const { lane, entry } of pieces) remember(lane, entry)
    const sampling = pieces.filter(({ entry }) => entry.samples)
    await Promise.all(sampling.map((piece, index) => this.#draw(piece, logits[index])))
    for (const { lane, work } of sampling) this.#advance(lane, work)
  }

  async #draw({ work }: Piece, logits: number | undefined): Promise<void> {
    if (work.isCancelled || work.generation.writesNothing) return
    if (logits === undefined) throw new Error('the native engine gave fewer logits than asked for')
    work.next = await work.generation.sample(logits)
  }

  #advance(lane: Lane, work: Work): void {
    if (work.isCancelled) return
    const { generation, next } = work
    const events = next === undefined ? generation.finishUnwritten() : generation.take(next)
    this.#events.push(...events)
    if (events.at(-1)?.type === 'ended') this.#release(lane)
  }

  /** One throw-away token on each idle slot between the busy ones. */
  #pad(pieces: readonly Piece[]): readonly BatchEntry[] {
    if (!this.#model.canForget) return []
    const gaps = findGaps(pieces.map(({ entry }) => ({ slot: entry.slot, count: entry.tokens.length })))
    const used = pieces.reduce((sum, { entry }) => sum + entry.tokens.length, 0)
    return gaps
      .map(slot => ({ slot, position: this.#lane(slot).tokens.length, tokens: Uint32Array.of(0), samples: false }))
      .filter(({ position }) => position < this.#model.contextTokens)
      .slice(0, this.#model.batchTokens - used)
  }

  #lane(id: number): Lane {
    const lane = this.#lanes[id]
    if (!lane) throw new Error(`there is no slot ${id}`)
    return lane
  }
}

function toSlot({ id, tokens, bulkTokens, lastUsed, work }: Lane): Slot {
  return { id, tokens, bulkTokens, lastUsed, isBusy: work !== undefined }
}

function toEntry(lane: Lane, work: Work, count: number): BatchEntry {
  const position = lane.tokens.length
  const prompt = work.generation.job.tokens
  if (position < prompt.length) {
    const tokens = prompt.slice(position, position + count)
    return { slot: lane.id, position, tokens, samples: position + count === prompt.length }
  }
  if (work.next === undefined) throw new Error(`slot ${lane.id} has nothing to evaluate`)
  return { slot: lane.id, position, tokens: Uint32Array.of(work.next), samples: true }
}

/* The native batch splits a step's pieces by their lengths; a large piece of its own keeps its numbers. */
function remember(lane: Lane, { position, tokens }: BatchEntry): void {
  if (tokens.length >= bulkPiece && lane.bulkTokens === position) lane.bulkTokens += tokens.length
  for (const token of tokens) lane.tokens.push(token)
}
