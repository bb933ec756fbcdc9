import { setTimeout as delay } from 'node:timers/promises'
import { ModelError } from '../../core/errors.ts'
import { leaveEarly } from '../leave-early.ts'
import type { Engine } from '../provider.ts'
import type { BackOff } from './back-off.ts'
import type { EngineLog } from './engine-log.ts'
import type { EngineNews } from './engine-news.ts'
import { placeOf, withPort } from './engine-plan.ts'
import type { ManagedSettings } from './engine-plan.ts'
import { describeExit, EngineProcess } from './engine-process.ts'
import type { EngineExit } from './engine-process.ts'
import { FailureCount } from './failure-count.ts'
import { becomesFree, freePort } from './ports.ts'
import { waitUntilHealthy } from './wait-until-healthy.ts'

/** How long an engine is waited for, and how it is started again. */
export interface Patience extends BackOff {
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number
  /** How long a port may still be held by what ends at this moment. */
  readonly portMs: number
}

export interface EngineMeans {
  readonly settings: ManagedSettings
  readonly variables: Readonly<Record<string, string>>
  readonly log: EngineLog
  readonly isHealthy: (signal: AbortSignal) => Promise<boolean>
  /** Called with the port before each start. */
  readonly moveTo: (port: number) => void
  readonly tell: (news: EngineNews) => void
  readonly now: () => number
  readonly patience: Patience
}

/** The right to use a running engine, which does not stop meanwhile. */
export interface Hold {
  readonly process: EngineProcess
  release(): void
}

interface Running {
  readonly process: EngineProcess
  readonly readyAt: number
}

const usualIdleMs = 10 * 60_000
const usualStartMs = 10 * 60_000

/* Node's timers fire at once for what is longer. */
const longestTimerMs = 2 ** 31 - 1

/** One program on this machine: started when somebody needs it, and stopped when nobody does. */
export class ManagedEngine implements Engine {
  readonly #means: EngineMeans
  readonly #failures: FailureCount
  readonly #closing = new AbortController()
  #running: Running | undefined
  #starting: Promise<EngineProcess> | undefined
  #stopping: Promise<unknown> = Promise.resolve()
  #holders = 0
  #idleTimer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(means: EngineMeans) {
    this.#means = means
    this.#failures = new FailureCount(means.patience, means.now)
  }

  get state(): Engine['state'] {
    if (this.#running) return 'ready'
    if (this.#failures.isResting) return 'resting'
    return this.#starting ? 'starting' : 'stopped'
  }

  get log(): readonly string[] {
    return this.#means.log.lines
  }

  /** Starts it where it does not run, once for all who ask meanwhile. Throws a `ModelError`. */
  async hold(signal: AbortSignal): Promise<Hold> {
    if (this.#isClosed) throw this.#noLongerThere()
    this.#holders += 1
    clearTimeout(this.#idleTimer)
    try {
      const process = await leaveEarly(this.#ready(), signal)
      return { process, release: onlyOnce(() => this.#release()) }
    } catch (error) {
      this.#release()
      throw error
    }
  }

  /** Says that it seems to hang: where it does not say that it is well, it is ended. */
  async suspect(process: EngineProcess): Promise<void> {
    const isHealthy = await this.#means.isHealthy(this.#closing.signal)
    if (isHealthy || this.#running?.process !== process) return
    this.#failures.add(this.#running.readyAt)
    this.#stop('hung')
  }

  /** Stops it once nobody holds it any more, and starts it no more. */
  close(): void {
    this.#isClosed = true
    if (this.#holders === 0) this.#end()
  }

  #release(): void {
    this.#holders -= 1
    if (this.#holders > 0) return
    if (this.#isClosed) this.#end()
    else this.#stopLater()
  }

  #end(): void {
    this.#closing.abort()
    clearTimeout(this.#idleTimer)
    this.#stop('closed')
  }

  #stopLater(): void {
    clearTimeout(this.#idleTimer)
    const { idleMs = usualIdleMs } = this.#means.settings.command
    if (this.#holders > 0 || !this.#running || idleMs > longestTimerMs) return
    this.#idleTimer = setTimeout(() => this.#stop('idle'), idleMs).unref()
  }

  #stop(why: 'idle' | 'closed' | 'hung'): void {
    if (!this.#running) return
    const { process } = this.#running
    this.#running = undefined
    if (why !== 'hung') this.#failures.forget()
    const { tell, settings, patience } = this.#means
    this.#stopping = process.stop(patience.graceMs)
    void this.#stopping.then(() => tell({ provider: settings.id, type: 'stopped', why }))
  }

  #ready(): Promise<EngineProcess> {
    if (this.#running && !this.#running.process.hasEnded) return Promise.resolve(this.#running.process)
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined))
    return this.#starting
  }

  async #start(): Promise<EngineProcess> {
    const { settings, moveTo, tell, now } = this.#means
    await this.#stopping
    await this.#waitForTurn()
    const port = await this.#choosePort()
    moveTo(port)
    const startedAt = now()
    tell({ provider: settings.id, type: 'starting', port })
    const process = this.#spawn(port)
    await this.#becomeHealthy(process)
    this.#running = { process, readyAt: now() }
    tell({ provider: settings.id, type: 'ready', tookMs: now() - startedAt, processId: process.processId })
    void process.exited.then(exit => this.#crashed(process, exit))
    this.#stopLater()
    return process
  }

  async #waitForTurn(): Promise<void> {
    const { type, ms } = this.#failures.pause
    if (type === 'rest') {
      const seconds = Math.ceil(ms / 1000)
      throw this.#failed(`failed ${this.#failures.count} times in a row and rests for ${seconds} s more`, ms)
    }
    if (ms > 0) await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => {})
    if (this.#closing.signal.aborted) throw this.#noLongerThere()
  }

  async #choosePort(): Promise<number> {
    const { settings, patience } = this.#means
    const { host, port } = placeOf(settings)
    if (port === undefined) return freePort(host)
    if (await becomesFree({ host, port }, patience.portMs)) return port
    // What answers there would get the requests that are meant for the engine.
    throw this.#failed(`was not started, because something else answers at port ${port}; stop it, or set another port`)
  }

  #spawn(port: number): EngineProcess {
    const { settings, variables, log, tell } = this.#means
    const { program, arguments: words } = settings.command
    return new EngineProcess({
      program,
      arguments: words.map(word => withPort(word, port)),
      variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, withPort(value, port)])),
      onLine: line => tell({ provider: settings.id, type: 'line', line: log.add(line) }),
    })
  }

  async #becomeHealthy(process: EngineProcess): Promise<void> {
    const { settings, isHealthy } = this.#means
    const { startMs = usualStartMs, program } = settings.command
    const outcome = await waitUntilHealthy({ process, isHealthy, startMs, signal: this.#closing.signal })
    const isGivenUp = this.#closing.signal.aborted
    if (outcome === 'healthy' && !isGivenUp) return
    process.kill()
    const exit = await process.exited
    if (isGivenUp) throw this.#noLongerThere()
    this.#failures.add()
    throw this.#notStarted(
      outcome === 'ended' ? describeExit(exit, program) : `was not ready within ${startMs / 1000} s (command.start)`,
    )
  }

  #notStarted(why: string): ModelError {
    const { settings, log, tell } = this.#means
    tell({ provider: settings.id, type: 'failed', why, lastWords: log.lastWords })
    return this.#failed(`${why}; duologue engine logs ${settings.id} shows what it said`)
  }

  #crashed(process: EngineProcess, exit: EngineExit): void {
    if (this.#running?.process !== process) return
    this.#failures.add(this.#running.readyAt)
    this.#running = undefined
    const { settings, log, tell } = this.#means
    tell({ provider: settings.id, type: 'crashed', ...exit, lastWords: log.lastWords })
  }

  #noLongerThere(): ModelError {
    const told = `the engine ${this.#means.settings.id} is no longer set up`
    return new ModelError('unavailable', told, { isOutdated: true })
  }

  /* What it wrote may be of other people's requests: that is for the log, and not for whoever asked. */
  #failed(problem: string, retryAfterMs?: number): ModelError {
    const { settings, log } = this.#means
    return new ModelError('unavailable', `the engine ${settings.id} ${problem}`, {
      cause: new Error(log.lastWords),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  }
}

function onlyOnce(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
