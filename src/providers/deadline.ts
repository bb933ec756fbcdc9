import { ModelError } from '../core/errors.ts'
import type { Timeouts } from '../core/provider-settings.ts'

/** The parts of an answer, by the names that their limits have in the configuration file. */
type Part = 'connect' | 'first-token' | 'idle' | 'total'

const settingOf: Readonly<Record<Part, keyof Timeouts>> = {
  connect: 'connectMs',
  'first-token': 'firstTokenMs',
  idle: 'idleMs',
  total: 'totalMs',
}

/* Node's timers fire at once for what is longer. */
const longestTimerMs = 2 ** 31 - 1

/** Ends an exchange that takes too long, or that its client has given up. */
export class Deadline {
  readonly #name: string
  readonly #timeouts: Required<Timeouts>
  readonly #outer: AbortSignal
  readonly #controller = new AbortController()
  readonly #timers = new Map<Part, NodeJS.Timeout>()
  #failure: ModelError | undefined

  constructor({ name, timeouts, signal }: Settings) {
    this.#name = name
    this.#timeouts = timeouts
    this.#outer = signal
    if (signal.aborted) this.#leave()
    else signal.addEventListener('abort', this.#leave, { once: true })
  }

  /** Aborts when the time is up or the client left. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why it was ended, if it was. */
  get failure(): ModelError | undefined {
    return this.#failure
  }

  start(part: Part): void {
    const ms = this.#timeouts[settingOf[part]]
    if (ms > longestTimerMs) return
    this.stop(part)
    this.#timers.set(
      part,
      setTimeout(() => this.#end(new ModelError('timeout', this.#explain(part, ms))), ms),
    )
  }

  stop(part: Part): void {
    clearTimeout(this.#timers.get(part))
    this.#timers.delete(part)
  }

  /** Stops the clocks; the signal stays as it is. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#outer.removeEventListener('abort', this.#leave)
  }

  /** Stops the clocks and breaks off whatever goes on. */
  abort(): void {
    this.close()
    this.#controller.abort()
  }

  #leave = (): void => this.#end(new ModelError('aborted', 'the request was given up by its client'))

  #end(failure: ModelError): void {
    this.close()
    this.#failure ??= failure
    this.#controller.abort(failure)
  }

  #explain(part: Part, ms: number): string {
    const seconds = `${ms / 1000} s (timeouts.${part})`
    switch (part) {
      case 'connect':
        return `${this.#name} did not take a connection within ${seconds}`
      case 'first-token':
        return `${this.#name} did not begin its answer within ${seconds}`
      case 'idle':
        return `${this.#name} stopped in the middle of its answer for ${seconds}`
      case 'total':
        return `${this.#name} did not finish its answer within ${seconds}`
    }
  }
}

interface Settings {
  /** How the provider is called in messages. */
  readonly name: string
  readonly timeouts: Required<Timeouts>
  readonly signal: AbortSignal
}
