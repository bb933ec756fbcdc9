import { toModelError } from '../core/errors.ts'
import type { ModelError } from '../core/errors.ts'
import { createNews, untilChanged } from './news.ts'
import { keptBytes, pullModel } from './pull-model.ts'
import type { Pulled, PullDependencies, PullProgress, PullRequest, PullTarget } from './pull-model.ts'
import type { PullChange, PullState } from './pull-state.ts'
import { toPullState } from './pull-state.ts'

/** What happens to a download. */
export type PullNews =
  | { readonly type: 'pulling' | 'pulled'; readonly model: string; readonly source: string }
  | { readonly type: 'pull-progress' | 'pull-stopped'; readonly model: string }
  | { readonly type: 'pull-failed'; readonly model: string; readonly error: ModelError }

export interface RunningPullOptions extends PullDependencies {
  readonly onNews: (news: PullNews) => void
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number
}

/** What is pulled, without those who follow it. */
export type UnattendedPull = Omit<PullRequest, 'signal' | 'report' | 'onSourceFailed'>

const betweenChangesMs = 300

/** One download from its beginning on, for as many as want to know how far it is. */
export class RunningPull {
  readonly target: PullTarget
  /** Settles when it is over, whatever came of it. */
  readonly over: Promise<void>
  readonly #options: RunningPullOptions
  readonly #stopping = new AbortController()
  readonly #news = createNews()
  #state: PullState = { state: 'downloading', receivedBytes: 0 }
  #changedMs: number
  #isOver = false

  constructor(target: PullTarget, request: UnattendedPull, options: RunningPullOptions) {
    this.target = target
    this.#options = options
    this.#changedMs = options.nowMs()
    options.onNews({ type: 'pulling', model: target.id, source: target.sources[0] ?? '' })
    this.over = this.#run(request)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  /** How long its state has been what it is. */
  get sinceMs(): number {
    return this.#options.nowMs() - this.#changedMs
  }

  tell(): PullChange {
    return { model: this.target.id, ...this.#state }
  }

  /** Stops it. What it received stays for the next pull. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.over
  }

  /** Says how far it is until it is over, or the signal is aborted. */
  async *follow(signal: AbortSignal): AsyncGenerator<PullChange> {
    let told: PullState | undefined
    while (!signal.aborted) {
      const changed = this.#news.next()
      if (this.#state !== told) {
        told = this.#state
        yield this.tell()
      } else if (this.#isOver) return
      else await untilChanged(changed, signal)
    }
  }

  async #run(request: UnattendedPull): Promise<void> {
    const { signal } = this.#stopping
    const report = (progress: PullProgress): void => this.#note(progress)
    try {
      this.#succeed(await pullModel({ ...request, signal, report }, this.#options))
    } catch (error) {
      await this.#fail(toModelError(error), request)
    }
  }

  #succeed({ model: { id, source } }: Pulled): void {
    this.#end({ state: 'downloaded' })
    this.#options.onNews({ type: 'pulled', model: id, source })
  }

  async #fail(error: ModelError, request: UnattendedPull): Promise<void> {
    const model = this.target.id
    if (error.kind === 'aborted') {
      this.#end({ state: 'stopped', receivedBytes: await keptBytes(request, this.#options) })
      return this.#options.onNews({ type: 'pull-stopped', model })
    }
    this.#end({ state: 'failed', stage: 'download', reason: `it could not be downloaded: ${error.message}` })
    this.#options.onNews({ type: 'pull-failed', model, error })
  }

  /** Takes over what a reader would want to know at once, and of the bytes no more than it can read. */
  #note(progress: PullProgress): void {
    const state = toPullState(progress)
    const isOfInterest = state.state !== this.#state.state || totalOf(state) !== totalOf(this.#state)
    if (state.state === 'downloaded' || (!isOfInterest && this.sinceMs < betweenChangesMs)) return
    this.#change(state)
    this.#options.onNews({ type: 'pull-progress', model: this.target.id })
  }

  #end(state: PullState): void {
    this.#isOver = true
    this.#change(state)
  }

  #change(state: PullState): void {
    this.#state = state
    this.#changedMs = this.#options.nowMs()
    this.#news.tell()
  }
}

function totalOf(state: PullState): number | undefined {
  return 'totalBytes' in state ? state.totalBytes : undefined
}
