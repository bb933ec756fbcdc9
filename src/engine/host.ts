import type { ModelError } from '../core/errors.ts'
import type { Embeddings } from '../core/backend.ts'
import type { ChatPrompt } from './chat-prompt.ts'
import { CountCalls } from './count-calls.ts'
import { EmbeddingCalls } from './embedding-calls.ts'
import { GenerationCalls } from './generation-calls.ts'
import { ExitWatch } from './exit-watch.ts'
import { toEnding } from './host-exit.ts'
import type { HostExit } from './host-exit.ts'
import { openJsonLines } from './json-lines.ts'
import type { JsonLines } from './json-lines.ts'
import { toRefusal } from './load-refusal.ts'
import type {
  FromWorker,
  GenerationEvent,
  GenerationTask,
  LoadSettings,
  PlaceTrouble,
  TextTask,
  ToWorker,
  WorkerInfo,
} from './messages.ts'
import { ReadingRate } from './reading-rate.ts'
import type { ReadingStatus } from './reading-rate.ts'
import { spawnWorker } from './spawn-worker.ts'
import type { SpawnOptions } from './spawn-worker.ts'
import type { Patience } from './step-times.ts'
import { toAbortion, waitFor } from './wait-for.ts'
import { toModelError } from './worker-failure.ts'
import { createWatchdog } from './watchdog.ts'
import type { Watchdog } from './watchdog.ts'

/** The gateway's side of one model's child process. */
export interface ModelHost {
  readonly info: WorkerInfo
  readonly processId: number | undefined
  /** What it reads of prompts, and how fast. */
  readonly reading: ReadingStatus
  /** Settles when the child is gone, however it went. */
  readonly exited: Promise<HostExit>
  /**
   * Gives what happens to one answer, up to `ended`. Throws a `ModelError`.
   * Leaving early or aborting the signal cancels the work.
   */
  generate(task: GenerationTask, signal: AbortSignal): AsyncGenerator<GenerationEvent>
  count(prompt: ChatPrompt): Promise<number>
  /** Turns texts into vectors or scores, where the model does that. Throws a `ModelError`. */
  measure(task: TextTask, signal: AbortSignal): Promise<Embeddings>
  /** Lets the child go: it ends by itself, or is killed where it does not within a moment. */
  end(): void
  /** Ends the child at once. */
  kill(): void
}

export interface HostOptions extends SpawnOptions {
  readonly settings: LoadSettings
  readonly onProgress: (fraction: number) => void
  readonly onTrouble: (trouble: PlaceTrouble) => void
  readonly patience: Patience
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Gives the loading up. */
  readonly signal: AbortSignal
}

/**
 * Starts a child process for one model and waits until it is ready.
 * Throws `unavailable` where the child cannot load the model, once it has given its memory back.
 */
export async function startHost(options: HostOptions): Promise<ModelHost> {
  const child = new Child(options)
  try {
    await waitFor(child.ready, options.signal)
    return child
  } catch (error) {
    child.kill()
    await child.exited
    throw error
  }
}

/* A child writes away what should be found again before it goes. */
const longestGoodbyeMs = 10_000

class Child implements ModelHost {
  readonly exited: Promise<HostExit>
  readonly ready: Promise<void>
  readonly processId: number | undefined
  readonly #exit: ExitWatch
  readonly #lines: JsonLines
  readonly #generations = new GenerationCalls()
  readonly #counts = new CountCalls()
  readonly #embeddings = new EmbeddingCalls()
  readonly #becameReady = Promise.withResolvers<void>()
  readonly #options: HostOptions
  readonly #watchdog: Watchdog
  readonly #rate = new ReadingRate()
  #reading: ReadingStatus['reading']
  #info: WorkerInfo | undefined
  #nextId = 1

  constructor(options: HostOptions) {
    this.#options = options
    this.ready = this.#becameReady.promise
    this.#watchdog = createWatchdog({
      ...options,
      // No native call can be interrupted, so a child that hangs in one is ended with all that it holds.
      onStall: (stalledMs, { moves }) => this.#exit.kill({ stalledMs, isFileStuck: moves > 0 }),
    })
    const { process: child, said, socket } = spawnWorker(options)
    this.processId = child.pid
    this.#exit = new ExitWatch(child, said)
    this.exited = this.#exit.exited
    void this.exited.then(exit => this.#failAll(exit))
    this.#lines = openJsonLines(socket, value => {
      // oxlint-disable-next-line no-unsafe-type-assertion -- the child is this package, of the same version
      this.#receive(value as FromWorker)
    })
    this.#watchdog.begin()
    this.#send({ type: 'load', settings: options.settings })
  }

  get info(): WorkerInfo {
    if (!this.#info) throw new Error('the model is still loading')
    return this.#info
  }

  get reading(): ReadingStatus {
    const promptTokensPerSecond = this.#rate.perSecond(this.#options.now())
    return {
      ...(this.#reading && { reading: this.#reading }),
      ...(promptTokensPerSecond !== undefined && { promptTokensPerSecond }),
    }
  }

  async *generate(task: GenerationTask, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const id = await this.#take()
    const call = this.#generations.open(id, { pause: () => this.#pause(id), resume: () => this.#resume(id) })
    const abort = (): void => call.fail(toAbortion(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    let isOver = false
    try {
      this.#watch()
      this.#send({ type: 'generate', id, task })
      for await (const event of call.events) {
        isOver = event.type === 'ended' || event.type === 'failed'
        if (event.type === 'failed') throw toModelError(event.failure)
        call.took(event)
        yield event
        if (isOver) return
      }
    } finally {
      signal.removeEventListener('abort', abort)
      this.#generations.close(id)
      this.#watch()
      if (!isOver) this.#send({ type: 'cancel', id })
    }
  }

  async count(prompt: ChatPrompt): Promise<number> {
    const id = await this.#take()
    const counted = this.#counts.open(id)
    this.#watchdog.begin()
    this.#send({ type: 'count', id, prompt })
    return counted
  }

  async measure(task: TextTask, signal: AbortSignal): Promise<Embeddings> {
    const id = await this.#take()
    const texts = task.type === 'embed' ? task.texts : task.documents
    const embeddings = this.#embeddings.open(id, texts.length)
    let isOver = false
    try {
      this.#watchdog.begin()
      this.#send({ ...task, id })
      const made = await waitFor(embeddings, signal)
      isOver = true
      return made
    } finally {
      this.#embeddings.close(id)
      this.#watch()
      if (!isOver) this.#send({ type: 'cancel', id })
    }
  }

  end(): void {
    this.#lines.close()
    const fuse = setTimeout(() => this.kill(), longestGoodbyeMs)
    void this.exited.then(() => clearTimeout(fuse))
  }

  kill(): void {
    this.#exit.kill()
  }

  #pause(id: number): void {
    this.#send({ type: 'pause', id })
    this.#watch()
  }

  #resume(id: number): void {
    this.#send({ type: 'resume', id })
    this.#watch()
  }

  /* A child that has nothing to do may be silent. */
  #watch(): void {
    const { slots } = this.#options.settings
    const work = this.#generations.active(slots) + this.#counts.size + this.#embeddings.size
    if (work === 0) this.#watchdog.rest()
    else this.#watchdog.begin()
  }

  #send(message: ToWorker): void {
    this.#lines.send(message)
  }

  async #take(): Promise<number> {
    const id = this.#nextId
    this.#nextId += 1
    if (!this.#exit.isGone) return id
    // Once everybody knows that the process is gone, whoever tries again gets the next one.
    throw toEnding(await this.exited, { processId: this.processId, during: 'answering', isSuspect: false })
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'progress':
        this.#watchdog.hear()
        return this.#options.onProgress(message.fraction)
      case 'ready':
        this.#info = message.info
        this.#watchdog.hear(0)
        this.#watch()
        return this.#becameReady.resolve()
      case 'load-failed':
        return this.#becameReady.reject(toRefusal(message))
      case 'cache-trouble':
        return this.#options.onTrouble(message)
      case 'count':
        this.#counts.settle(message.id, message.result)
        this.#watchdog.hear()
        return this.#watch()
      case 'embedding':
        return 'failure' in message.result
          ? this.#embeddings.fail(message.id, toModelError(message.result.failure))
          : this.#embeddings.take(message.id, message.result)
      case 'step':
        this.#watchdog.hear(message.evaluates, message.moves)
        this.#reading = message.evaluates === undefined ? this.#reading : message.reading
        if (message.read) this.#rate.note(message.read, this.#options.now())
        for (const event of message.events) this.#generations.tell(event)
    }
  }

  #failAll(exit: HostExit): void {
    this.#watchdog.rest()
    const { processId } = this
    const answering = (isSuspect: boolean): ModelError => toEnding(exit, { processId, during: 'answering', isSuspect })
    this.#becameReady.reject(toEnding(exit, { processId, during: 'loading', isSuspect: false }))
    this.#generations.failAll(this.#options.settings.slots, answering)
    // All of them take turns, so each was being worked on.
    this.#counts.failAll(answering(true))
    this.#embeddings.failAll(answering(true))
  }
}
