import { isModelId } from '../catalog/model-id.ts'
import { ModelError } from '../core/errors.ts'
import { lookUpPull, requireMemory } from './pull-model.ts'
import type { PullRequest } from './pull-model.ts'
import type { PullChange } from './pull-state.ts'
import { RunningPull } from './running-pull.ts'
import type { PullNews, RunningPullOptions } from './running-pull.ts'

export { isModelId }
export type { PullChange, PullNews }

/** What a client asks a server to pull. */
export type AskedPull = Pick<PullRequest, 'reference' | 'name' | 'isForced'>

/** The downloads that a server runs, each once for all who ask for it. */
export interface SharedPulls {
  /**
   * Starts a download, or joins the one that runs, and gives how far it is. Throws a `ModelError` for what may not be
   * pulled, or not at this moment; what goes wrong later is told as its state.
   */
  start(asked: AskedPull): Promise<PullChange>
  /** Stops a download, and gives what came of it. Throws `not-found` where none is under way. */
  stop(model: string): Promise<PullChange>
  /** Says how far a download is until it is over, or the signal is aborted. To stop listening does not stop it. */
  follow(model: string, signal: AbortSignal): AsyncGenerator<PullChange>
  /** Gives the downloads under way, and those that were over a short while ago. */
  states(): readonly PullChange[]
  /** Stops all of them, and takes no more. What they received stays for the next pull. */
  close(): Promise<void>
}

const mostAtOnce = 4
const mostRemembered = 64
const rememberedForMs = 10 * 60_000

/** Makes the downloads of a server. None is under way. */
export function createSharedPulls(options: RunningPullOptions): SharedPulls {
  return new Pulls(options)
}

class Pulls implements SharedPulls {
  readonly #options: RunningPullOptions
  readonly #pulls = new Map<string, RunningPull>()
  #isClosed = false

  constructor(options: RunningPullOptions) {
    this.#options = options
  }

  async start(asked: AskedPull): Promise<PullChange> {
    const request = { ...asked, isAskedHere: false }
    const target = await lookUpPull(request, this.#options)
    if (target.isHere) return { model: target.id, state: 'downloaded' }
    const running = this.#find(target.id)
    if (running?.isStopping === true) {
      await running.over
      return this.start(asked)
    }
    if (running !== undefined && !isSame(running, target.sources)) throw taken(running)
    if (running !== undefined) return running.tell()
    requireMemory(request, this.#options)
    this.#admit()
    const pull = new RunningPull(target, request, this.#options)
    this.#remember(pull)
    return pull.tell()
  }

  async stop(model: string): Promise<PullChange> {
    const running = this.#find(model)
    if (running === undefined) {
      throw new ModelError('not-found', `no download of ${JSON.stringify(model.slice(0, 100))} is under way`)
    }
    await running.stop()
    return running.tell()
  }

  async *follow(model: string, signal: AbortSignal): AsyncGenerator<PullChange> {
    const pull = this.#pulls.get(model)
    if (pull !== undefined) yield* pull.follow(signal)
  }

  states(): readonly PullChange[] {
    this.#forget()
    return [...this.#pulls.values()].map(pull => pull.tell())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#running().map(pull => pull.stop()))
  }

  #running(): readonly RunningPull[] {
    return [...this.#pulls.values()].filter(({ isOver }) => !isOver)
  }

  #find(model: string): RunningPull | undefined {
    const pull = this.#pulls.get(model)
    return pull?.isOver === false ? pull : undefined
  }

  #admit(): void {
    if (this.#isClosed) throw new ModelError('unavailable', 'the server is stopping')
    const names = this.#running().map(({ target }) => target.id)
    if (names.length < mostAtOnce) return
    throw new ModelError(
      'overloaded',
      `${mostAtOnce} models are being downloaded (${names.join(', ')}); wait for one of them, or stop it`,
      { retryAfterMs: 10_000 },
    )
  }

  #remember(pull: RunningPull): void {
    this.#pulls.delete(pull.target.id)
    this.#pulls.set(pull.target.id, pull)
    this.#forget()
  }

  /** Forgets what has been over for long, and the oldest of what is over where that is too much. */
  #forget(): void {
    const over = [...this.#pulls].filter(([, { isOver }]) => isOver)
    const tooMany = this.#pulls.size - mostRemembered
    for (const [index, [model, { sinceMs }]] of over.entries())
      if (index < tooMany || sinceMs > rememberedForMs) this.#pulls.delete(model)
  }
}

function isSame({ target }: RunningPull, sources: readonly string[]): boolean {
  return sources.some(source => target.sources.includes(source))
}

function taken({ target: { id, sources } }: RunningPull): ModelError {
  const fix = 'wait for it, stop it, or pull the other one under another name'
  return new ModelError('conflict', `"${id}" is being downloaded from ${sources[0] ?? 'elsewhere'}; ${fix}`)
}
