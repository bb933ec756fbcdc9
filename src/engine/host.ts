import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ModelError } from '../core/errors.ts'
import type { Embeddings } from '../core/backend.ts'
import type { ChatPrompt } from './chat-prompt.ts'
import type { Confinement } from './confinement.ts'
import { EmbeddingCalls } from './embedding-calls.ts'
import { EventQueue } from './event-queue.ts'
import { openJsonLines } from './json-lines.ts'
import type { JsonLines } from './json-lines.ts'
import type {
  CountResult,
  FromWorker,
  GenerationEvent,
  GenerationTask,
  LoadSettings,
  TextTask,
  ToWorker,
  WorkerInfo,
} from './messages.ts'
import type { Patience } from './step-times.ts'
import { toAbortion, waitFor } from './wait-for.ts'
import { toModelError } from './worker-failure.ts'
import { createWatchdog } from './watchdog.ts'
import type { Watchdog } from './watchdog.ts'

/** Why a child process is no more. */
export interface HostExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what the child wrote to its standard error, for the log. */
  readonly lastWords: string
  /** How long the child made no progress; present where it was ended for that. */
  readonly stalledMs?: number
}

/** The gateway's side of one model's child process. */
export interface ModelHost {
  readonly info: WorkerInfo
  readonly processId: number | undefined
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

/** The cause of what failed because the child ended. */
export class HostEnded extends Error {
  override readonly name = 'HostEnded'
  /** Whether the child worked on this when it ended, rather than had it wait. */
  readonly isSuspect: boolean
  readonly processId: number | undefined

  constructor(message: string, { isSuspect, processId }: Pick<HostEnded, 'isSuspect' | 'processId'>) {
    super(message)
    this.isSuspect = isSuspect
    this.processId = processId
  }
}

export interface HostOptions {
  readonly settings: LoadSettings
  /** The environment variables that the child gets: nothing that it does not need. */
  readonly environment: Readonly<Record<string, string>>
  readonly onProgress: (fraction: number) => void
  readonly confinement: Confinement
  readonly patience: Patience
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Gives the loading up. */
  readonly signal: AbortSignal
}

/**
 * Starts a child process for one model and waits until it is ready.
 * Throws `unavailable` where the child cannot load the model, naming what it said.
 */
export async function startHost(options: HostOptions): Promise<ModelHost> {
  const child = new Child(options)
  try {
    await waitFor(child.ready, options.signal)
    return child
  } catch (error) {
    child.kill()
    throw error
  }
}

const workerFile = fileURLToPath(
  new URL(`./worker/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)

const mostLastWords = 4096

/* A child writes away what should be found again before it goes. */
const longestGoodbyeMs = 10_000

class Child implements ModelHost {
  readonly exited: Promise<HostExit>
  readonly ready: Promise<void>
  readonly #process: ChildProcess
  readonly #lines: JsonLines
  readonly #generations = new Map<number, Running>()
  readonly #counts = new Map<number, PromiseWithResolvers<number>>()
  readonly #embeddings = new EmbeddingCalls()
  readonly #becameReady = Promise.withResolvers<void>()
  readonly #options: HostOptions
  readonly #watchdog: Watchdog
  #stalledMs: number | undefined
  #info: WorkerInfo | undefined
  #nextId = 1
  #lastWords = ''

  constructor(options: HostOptions) {
    this.#options = options
    this.ready = this.#becameReady.promise
    this.#watchdog = createWatchdog({ ...options, onStall: silentMs => this.#endStalled(silentMs) })
    // The native package forks a test of its own with these arguments: odd ones would break it.
    const [program, ...words] = [...options.confinement.prefix, process.execPath, workerFile]
    this.#process = spawn(program ?? process.execPath, words, {
      env: options.environment,
      stdio: ['ignore', 'ignore', 'pipe', 'overlapped'],
      windowsHide: true,
    })
    this.exited = this.#watchExit()
    void this.exited.then(exit => this.#failAll(exit))
    const { 2: stderr, 3: socket } = this.#process.stdio
    if (!(stderr instanceof Readable) || !(socket instanceof Duplex))
      throw new Error('a child was started without its pipes')
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-mostLastWords)
    })
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

  get processId(): number | undefined {
    return this.#process.pid
  }

  async *generate(task: GenerationTask, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
    const id = await this.#take()
    const events = new EventQueue<GenerationEvent>()
    const abort = (): void => events.fail(toAbortion(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    this.#generations.set(id, { events, isStarted: false })
    let isOver = false
    try {
      this.#watchdog.begin()
      this.#send({ type: 'generate', id, task })
      for await (const event of events) {
        isOver = event.type === 'ended' || event.type === 'failed'
        if (event.type === 'failed') throw toModelError(event.failure)
        yield event
        if (isOver) return
      }
    } finally {
      signal.removeEventListener('abort', abort)
      this.#generations.delete(id)
      this.#restIfIdle()
      if (!isOver) this.#send({ type: 'cancel', id })
    }
  }

  async count(prompt: ChatPrompt): Promise<number> {
    const id = await this.#take()
    const counting = Promise.withResolvers<number>()
    this.#counts.set(id, counting)
    this.#watchdog.begin()
    this.#send({ type: 'count', id, prompt })
    return counting.promise
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
      this.#restIfIdle()
      if (!isOver) this.#send({ type: 'cancel', id })
    }
  }

  end(): void {
    this.#lines.close()
    const fuse = setTimeout(() => this.kill(), longestGoodbyeMs)
    void this.exited.then(() => clearTimeout(fuse))
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /* No native call can be interrupted, so a child that hangs in one is ended with all that it holds. */
  #endStalled(silentMs: number): void {
    this.#stalledMs = silentMs
    this.kill()
  }

  #restIfIdle(): void {
    const work = this.#generations.size + this.#counts.size + this.#embeddings.size
    if (work === 0) this.#watchdog.rest()
  }

  #send(message: ToWorker): void {
    this.#lines.send(message)
  }

  async #take(): Promise<number> {
    const id = this.#nextId
    this.#nextId += 1
    if (this.#process.exitCode === null && this.#process.signalCode === null) return id
    // Once everybody knows that the process is gone, whoever tries again gets the next one.
    throw this.#ended(await this.exited, { message: endedWhile.answering, isSuspect: false })
  }

  #ended(exit: HostExit, { message, isSuspect }: { message: string; isSuspect: boolean }): ModelError {
    const cause = new HostEnded(describeExit(exit), { isSuspect, processId: this.processId })
    return new ModelError('unavailable', message, { cause, isWorthRepeating: true })
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'progress':
        this.#watchdog.hear()
        return this.#options.onProgress(message.fraction)
      case 'ready':
        this.#info = message.info
        this.#watchdog.hear(0)
        this.#restIfIdle()
        return this.#becameReady.resolve()
      case 'load-failed':
        return this.#becameReady.reject(
          new ModelError('unavailable', 'the engine could not load the model; the cause is in the server log', {
            cause: new Error(message.message),
          }),
        )
      case 'count':
        return this.#settleCount(message.id, message.result)
      case 'embedding':
        return 'failure' in message.result
          ? this.#embeddings.fail(message.id, toModelError(message.result.failure))
          : this.#embeddings.take(message.id, message.result)
      case 'step':
        this.#watchdog.hear(message.evaluates)
        for (const event of message.events) this.#tell(event)
    }
  }

  #tell(event: GenerationEvent): void {
    const running = this.#generations.get(event.id)
    if (running && event.type === 'started') running.isStarted = true
    running?.events.push(event)
  }

  #settleCount(id: number, result: CountResult): void {
    const counting = this.#counts.get(id)
    this.#counts.delete(id)
    this.#watchdog.hear()
    this.#restIfIdle()
    if ('tokens' in result) counting?.resolve(result.tokens)
    else counting?.reject(toModelError(result.failure))
  }

  #watchExit(): Promise<HostExit> {
    const gone = Promise.withResolvers<HostExit>()
    const settle = (code: number | null, signal: NodeJS.Signals | null): void =>
      gone.resolve({
        code,
        signal,
        lastWords: this.#lastWords,
        ...(this.#stalledMs !== undefined && { stalledMs: this.#stalledMs }),
      })
    this.#process.once('close', settle)
    this.#process.once('error', error => {
      this.#lastWords += String(error)
      settle(null, null)
    })
    return gone.promise
  }

  #failAll(exit: HostExit): void {
    this.#watchdog.rest()
    const { loading, answering } = exit.stalledMs === undefined ? endedWhile : stalledFor(exit.stalledMs)
    const fail = (message: string, isSuspect: boolean): ModelError => this.#ended(exit, { message, isSuspect })
    this.#becameReady.reject(fail(loading, false))
    const running = [...this.#generations.values()]
    // While a slot is free nothing waits: what has not started was being read.
    const isFull = running.filter(({ isStarted }) => isStarted).length >= this.#options.settings.slots
    for (const { events, isStarted } of running) events.fail(fail(answering, isStarted || !isFull))
    for (const counting of this.#counts.values()) counting.reject(fail(answering, false))
    // All of them take turns, so each was being worked on.
    this.#embeddings.failAll(fail(answering, true))
    this.#generations.clear()
    this.#counts.clear()
  }
}

interface Running {
  readonly events: EventQueue<GenerationEvent>
  isStarted: boolean
}

function describeExit({ code, signal, lastWords }: HostExit): string {
  return `the engine process ended with ${signal ?? `exit status ${code}`}: ${lastWords.trim()}`
}

const endedWhile = {
  loading: 'the engine process ended while it loaded the model',
  answering: 'the engine process ended before the answer did; it is started again for the next request',
}

function stalledFor(silentMs: number): typeof endedWhile {
  const hung = `the engine process made no progress for ${Math.ceil(silentMs / 1000)} s`
  return {
    loading: `${hung} while it loaded the model, and was ended`,
    answering: `${hung} and was ended; it is started again for the next request`,
  }
}
