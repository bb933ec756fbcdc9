import type { GenerationEvent, StepNews } from '../messages.ts'
import type { Pacing } from '../pacing.ts'
import type { ReadPiece } from '../reading-rate.ts'
import { Admission } from './admission.ts'
import type { Admitted } from './admission.ts'
import type { Archive } from './archive.ts'
import { CacheCosts } from './cache-costs.ts'
import { writesOf } from './cache-writes.ts'
import { Checkpoints, stopsOf } from './checkpoints.ts'
import { Generation } from './generation.ts'
import type { Job } from './generation.ts'
import { emptyLane } from './lane.ts'
import type { Lane, Work } from './lane.ts'
import { remember, toEntry, toWorking } from './lane-entry.ts'
import type { LanguageModel } from './language-model.ts'
import type { BatchEntry } from './model-slots.ts'
import { RestWriter } from './rest-writer.ts'
import { Seating } from './seating.ts'
import { bulkPiece } from './slots.ts'
import { createPace } from './create-pace.ts'
import type { Pace } from './pace.ts'
import { padGaps } from './padding.ts'
import { planStep } from './step.ts'

/** Writes several answers at once: they join and leave at every step. */
export interface Scheduler {
  submit(job: Job): void
  /** Stops an answer at the end of the step that runs. Nothing more is said of it. */
  cancel(id: number): void
  /** Leaves an answer as it is, in its slot, until it is resumed. */
  pause(id: number): void
  resume(id: number): void
  /** Stops all work at the end of the step that runs, and writes away what the slots hold. */
  leave(): Promise<void>
}

export interface SchedulerOptions {
  readonly model: LanguageModel
  readonly archive: Archive
  readonly pacing: Pacing
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Receives what happened since, before every step and before resting, with the size of the step to come. */
  readonly emit: (news: Omit<StepNews, 'type'>) => void
  /** Called when the native engine failed in a step: nothing it holds can be trusted any more. */
  readonly onFailure: (error: unknown) => void
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
  #events: GenerationEvent[] = []
  readonly #seating: Seating
  readonly #admission: Admission
  readonly #checkpoints: Checkpoints
  readonly #restWriter: RestWriter
  readonly #costs = new CacheCosts()
  readonly #pace: Pace
  /** Whether the step writes, rather than reads prompts. */
  #isWriting = false
  /** How many answers are being written; and of how many prompts how much is still to be read, held ones included. */
  #writing = 0
  #reading = { prompts: 0, tokens: 0 }
  /** How long prompts have waited for the answers beside them since they were read last. */
  #waitedMs = 0
  #read: ReadPiece | undefined
  #run: Promise<void> | undefined
  #isLeaving = false
  #clock = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#model = options.model
    this.#pace = createPace(options.model.batchTokens, options.pacing)
    this.#lanes = Array.from({ length: options.model.slots }, (_, id) => emptyLane(id))
    const { model, archive, now } = options
    this.#checkpoints = new Checkpoints(model, this.#lanes)
    const parts = { lanes: this.#lanes, costs: this.#costs, checkpoints: this.#checkpoints }
    const onMove = (bytes: number): void => this.#flush(0, bytes)
    this.#seating = new Seating({ model, archive, ...parts, onMove, now })
    this.#restWriter = new RestWriter({ model, archive, ...parts, onMove, now })
    const onHeld = ({ id }: Job): void => void this.#events.push({ type: 'held', id })
    this.#admission = new Admission({ model, lanes: this.#lanes, seating: this.#seating, onHeld })
  }

  submit(job: Job): void {
    this.#admission.push(job)
    this.#run ??= this.#work()
  }

  cancel(id: number): void {
    this.#admission.remove(id)
    const work = this.#workOf(id)
    if (!work) return
    work.isCancelled = true
    // Where all answers are paused nothing runs, and somebody may wait for the slot.
    this.#run ??= this.#work()
  }

  pause(id: number): void {
    const work = this.#workOf(id)
    if (work) work.isPaused = true
  }

  resume(id: number): void {
    const work = this.#workOf(id)
    if (work) work.isPaused = false
    this.#run ??= this.#work()
  }

  async leave(): Promise<void> {
    this.#isLeaving = true
    await (this.#run ??= this.#work())
    await this.#seating.archiveAll()
  }

  #workOf(id: number): Work | undefined {
    return this.#lanes.find(lane => lane.work?.generation.job.id === id)?.work
  }

  async #work(): Promise<void> {
    try {
      // The first turn waits for what else arrives in the same read of the socket.
      await Promise.resolve()
      await this.#restWriter.end()
      while (!this.#isLeaving) {
        this.#dropCancelled()
        // Seating can take a while, and readers need not wait for it.
        if (this.#admission.isDue && this.#events.length > 0) this.#flush(0)
        await this.#admit()
        const pieces = this.#planPieces()
        this.#flush(pieces.reduce((sum, { entry }) => sum + entry.tokens.length, 0))
        if (pieces.length > 0) await this.#evaluate(pieces)
        // What a held prompt waits for may just have been paused.
        else if (!this.#admission.isDue) break
      }
    } catch (error) {
      this.#options.onFailure(error)
    } finally {
      this.#run = undefined
      if (!this.#isLeaving) this.#restWriter.begin()
    }
  }

  #flush(evaluates: number, moves = 0): void {
    this.#options.emit({
      events: this.#events,
      evaluates,
      ...(moves > 0 && { moves }),
      ...(this.#read && { read: this.#read }),
      ...(this.#reading.prompts > 0 && { reading: this.#reading }),
    })
    this.#events = []
    this.#read = undefined
  }

  #dropCancelled(): void {
    for (const lane of this.#lanes) if (lane.work?.isCancelled) this.#release(lane)
  }

  #release(lane: Lane): void {
    lane.work?.generation.dispose()
    lane.work = undefined
  }

  async #admit(): Promise<void> {
    for (let next = await this.#admission.next(); next; next = await this.#admission.next()) {
      const { job, report } = next
      const begun = this.#begin(next)
      const written = writesOf(job.map, report.reusedTokens)
      this.#events.push({ type: 'started', id: job.id, report, ...(written && { written }) }, ...begun)
    }
  }

  #begin({ job, lane, report }: Admitted): readonly GenerationEvent[] {
    this.#clock += 1
    this.#pace.begin()
    lane.lastUsed = this.#clock
    lane.askedTokens = job.map.askedTokens()
    const generation = new Generation(this.#model, job)
    lane.work = {
      generation,
      arrived: this.#clock,
      toRead: job.tokens.length - lane.tokens.length,
      stops: this.#model.canForget ? [] : stopsOf(job, report),
      next: undefined,
      isCancelled: false,
      isPaused: false,
    }
    return generation.begin()
  }

  #planPieces(): readonly Piece[] {
    const busy = this.#lanes.flatMap(lane => (lane.work && !lane.work.isPaused ? [{ lane, work: lane.work }] : []))
    const working = busy.map(({ lane, work }) => toWorking(lane, work, this.#admission.behind(lane)))
    const writing = working.filter(({ remaining }) => remaining === 0)
    const reading = working.filter(({ remaining }) => remaining > 0)
    // In one batch, prompts beside answers would cost a pass more than by themselves.
    this.#isWriting = writing.length > 0 && (reading.length === 0 || !this.#pace.isPromptsTurn)
    this.#writing = writing.length
    const unread = [...reading.map(each => each.unread), ...this.#admission.heldTokens]
    this.#reading = { prompts: unread.length, tokens: unread.reduce((sum, tokens) => sum + tokens, 0) }
    const shares = planStep(this.#isWriting ? writing : reading, {
      batchTokens: this.#model.batchTokens,
      promptTokens: this.#pace.room(
        this.#writing,
        reading.reduce((sum, { toRead }) => sum + toRead, 0),
      ),
    })
    return shares.flatMap(({ slot, count }) => {
      const lane = this.#lane(slot)
      return lane.work ? [{ lane, work: lane.work, entry: toEntry(lane, lane.work, count) }] : []
    })
  }

  async #evaluate(pieces: readonly Piece[]): Promise<void> {
    const pads = this.#isWriting
      ? padGaps(
          pieces.map(({ entry }) => entry),
          this.#lanes,
          this.#model,
        )
      : []
    const entries = [...pieces.map(({ entry }) => entry), ...pads].toSorted((a, b) => a.slot - b.slot)
    const began = performance.now()
    const places = await this.#model.evaluate(entries)
    const logits = new Map(entries.map((entry, index) => [entry, places[index] ?? []]))
    this.#costs.evaluated(
      entries.reduce((sum, { tokens }) => sum + tokens.length, 0),
      performance.now() - began,
    )
    for (const { slot, position } of pads) this.#model.forget(slot, position)
    for (const { lane, entry } of pieces) remember(lane, entry)
    // To draw from logits is to overwrite them.
    for (const piece of pieces) await this.#measure(piece, logits.get(piece.entry) ?? [])
    const sampling = pieces.filter(({ entry }) => entry.samples)
    await Promise.all(sampling.map(piece => this.#draw(piece, logits.get(piece.entry)?.at(-1))))
    this.#learn(pieces, performance.now() - began)
    for (const { lane, work } of pieces) {
      if (work.stops.includes(lane.tokens.length)) await this.#checkpoints.take(lane)
    }
    for (const { lane, work } of sampling) this.#advance(lane, work)
  }

  #learn(pieces: readonly Piece[], milliseconds: number): void {
    if (this.#isWriting) {
      this.#waitedMs = this.#reading.prompts > 0 ? this.#waitedMs + milliseconds : 0
      return this.#pace.wrote(pieces.length, milliseconds)
    }
    const tokens = pieces.reduce((sum, { entry }) => sum + entry.tokens.length, 0)
    this.#pace.read({ tokens, milliseconds, reading: this.#reading.prompts, writing: this.#writing })
    // A few tokens take as long as one, so the short ends of prompts say nothing of how long others take.
    const isShort = tokens < bulkPiece && pieces.every(({ entry }) => entry.samples)
    if (!isShort) this.#read = { tokens, milliseconds: this.#waitedMs + milliseconds }
    this.#waitedMs = 0
  }

  async #measure({ work, entry }: Piece, logits: readonly number[]): Promise<void> {
    if (entry.measures && !work.isCancelled) this.#events.push(...(await work.generation.measure(logits)))
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

  #lane(id: number): Lane {
    const lane = this.#lanes[id]
    if (!lane) throw new Error(`there is no slot ${id}`)
    return lane
  }
}
