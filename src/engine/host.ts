import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { Duplex, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ModelError } from '../core/errors.ts'
import type { ChatPrompt } from './chat-prompt.ts'
import { EventQueue } from './event-queue.ts'
import { openJsonLines } from './json-lines.ts'
import type { JsonLines } from './json-lines.ts'
import type {
  CountResult,
  FromWorker,
  GenerationEvent,
  GenerationTask,
  LoadSettings,
  ToWorker,
  WorkerInfo,
} from './messages.ts'
import { waitFor } from './wait-for.ts'

/** Why a child process is no more. */
export interface HostExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what the child wrote to its standard error, for the log. */
  readonly lastWords: string
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
  /** Lets the child go: it ends by itself, or is killed where it does not within a moment. */
  end(): void
  /** Ends the child at once. */
  kill(): void
}

export interface HostOptions {
  readonly settings: LoadSettings
  /** The environment variables that the child gets: nothing that it does not need. */
  readonly environment: Readonly<Record<string, string>>
  readonly onProgress?: (fraction: number) => void
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

const longestGoodbyeMs = 2000

class Child implements ModelHost {
  readonly exited: Promise<HostExit>
  readonly ready: Promise<void>
  readonly #process: ChildProcess
  readonly #lines: JsonLines
  readonly #generations = new Map<number, EventQueue<GenerationEvent>>()
  readonly #counts = new Map<number, PromiseWithResolvers<number>>()
  readonly #becameReady = Promise.withResolvers<void>()
  readonly #options: HostOptions
  #info: WorkerInfo | undefined
  #nextId = 1
  #lastWords = ''

  constructor(options: HostOptions) {
    this.#options = options
    this.ready = this.#becameReady.promise
    // The native package forks a test of its own with these arguments: odd ones would break it.
    this.#process = spawn(process.execPath, [workerFile], {
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
    const id = this.#take()
    const events = new EventQueue<GenerationEvent>()
    const abort = (): void => events.fail(new ModelError('aborted', 'the client left before the answer was whole'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    this.#generations.set(id, events)
    let isOver = false
    try {
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
      if (!isOver) this.#send({ type: 'cancel', id })
    }
  }

  count(prompt: ChatPrompt): Promise<number> {
    const id = this.#take()
    const counting = Promise.withResolvers<number>()
    this.#counts.set(id, counting)
    this.#send({ type: 'count', id, prompt })
    return counting.promise
  }

  end(): void {
    this.#lines.close()
    const fuse = setTimeout(() => this.kill(), longestGoodbyeMs)
    void this.exited.then(() => clearTimeout(fuse))
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #send(message: ToWorker): void {
    this.#lines.send(message)
  }

  #take(): number {
    const id = this.#nextId
    this.#nextId += 1
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) throw gone()
    return id
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'progress':
        return this.#options.onProgress?.(message.fraction)
      case 'ready':
        this.#info = message.info
        return this.#becameReady.resolve()
      case 'load-failed':
        return this.#becameReady.reject(
          new ModelError('unavailable', 'the engine could not load the model; the cause is in the server log', {
            cause: new Error(message.message),
          }),
        )
      case 'count':
        return this.#settleCount(message.id, message.result)
      case 'step':
        for (const event of message.events) this.#generations.get(event.id)?.push(event)
    }
  }

  #settleCount(id: number, result: CountResult): void {
    const counting = this.#counts.get(id)
    this.#counts.delete(id)
    if ('tokens' in result) counting?.resolve(result.tokens)
    else counting?.reject(toModelError(result.failure))
  }

  #watchExit(): Promise<HostExit> {
    const gone = Promise.withResolvers<HostExit>()
    const settle = (code: number | null, signal: NodeJS.Signals | null): void =>
      gone.resolve({ code, signal, lastWords: this.#lastWords })
    this.#process.once('close', settle)
    this.#process.once('error', error => {
      this.#lastWords += String(error)
      settle(null, null)
    })
    return gone.promise
  }

  #failAll(exit: HostExit): void {
    const how = exit.signal ?? `exit status ${exit.code}`
    const cause = new Error(`the engine process ended with ${how}: ${exit.lastWords.trim()}`)
    this.#becameReady.reject(
      new ModelError('unavailable', 'the engine process ended while it loaded the model', { cause }),
    )
    for (const events of this.#generations.values()) events.fail(gone(cause))
    for (const counting of this.#counts.values()) counting.reject(gone(cause))
    this.#generations.clear()
    this.#counts.clear()
  }
}

function gone(cause?: Error): ModelError {
  return new ModelError(
    'unavailable',
    'the engine process ended before the answer did; it is started again for the next request',
    {
      ...(cause && { cause }),
    },
  )
}

function toModelError({
  kind,
  message,
  code,
  field,
  detail,
}: Extract<GenerationEvent, { type: 'failed' }>['failure']): ModelError {
  return new ModelError(kind, message, {
    ...(code !== undefined && { code }),
    ...(field !== undefined && { field }),
    ...(detail !== undefined && { cause: new Error(detail) }),
  })
}
