import { ModelError } from '../core/errors.ts'
import type { Timeouts } from '../core/provider-settings.ts'
import type { Clock } from './clock.ts'

/** What an attempt is held to. */
export interface Supervision<Item> {
  readonly signal: AbortSignal
  readonly timeouts: Timeouts
  readonly clock: Clock
  /** Whether the model says something in this item; what merely begins an answer does not. */
  readonly isSaying: (item: Item) => boolean
}

/**
 * Opens an attempt and passes it on unchanged. Where it takes longer than it may to its first word, between two items
 * or altogether, it is told to stop, and a `timeout` is thrown even if it does not listen. Time in which nobody reads
 * does not count between two items.
 */
export function supervise<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  supervision: Supervision<Item>,
): AsyncIterable<Item> {
  const { firstTokenMs, idleMs, totalMs } = supervision.timeouts
  if (firstTokenMs === undefined && idleMs === undefined && totalMs === undefined) return open(supervision.signal)
  return { [Symbol.asyncIterator]: () => new Supervised(open, supervision) }
}

class Supervised<Item> implements AsyncIterator<Item> {
  readonly #supervision: Supervision<Item>
  readonly #stop = new AbortController()
  readonly #source: AsyncIterator<Item>
  readonly #waits: (() => void)[] = []
  #firstWait: (() => void) | undefined
  #hasItems = false
  #failure: ModelError | undefined
  #reject: ((failure: ModelError) => void) | undefined

  constructor(open: (signal: AbortSignal) => AsyncIterable<Item>, supervision: Supervision<Item>) {
    this.#supervision = supervision
    const signal = AbortSignal.any([supervision.signal, this.#stop.signal])
    this.#source = open(signal)[Symbol.asyncIterator]()
    const { firstTokenMs, totalMs } = supervision.timeouts
    this.#firstWait = this.#limit(firstTokenMs, 'said nothing')
    const total = this.#limit(totalMs, 'did not finish its answer')
    for (const cancel of [this.#firstWait, total]) if (cancel) this.#waits.push(cancel)
  }

  async next(): Promise<IteratorResult<Item>> {
    if (this.#failure) throw this.#failure
    const idle = this.#hasItems
      ? this.#limit(this.#supervision.timeouts.idleMs, 'stopped in the middle of its answer')
      : undefined
    try {
      const result = await this.#orFailure(this.#source.next())
      if (result.done) this.#finish()
      else this.#note(result.value)
      return result
    } catch (error) {
      this.#finish()
      throw error
    } finally {
      idle?.()
    }
  }

  async return(): Promise<IteratorResult<Item>> {
    this.#finish()
    if (!this.#failure) await this.#source.return?.()
    return { done: true, value: undefined }
  }

  /* A race with one promise that lives as long as the answer would keep every item of it. */
  #orFailure(result: Promise<IteratorResult<Item>>): Promise<IteratorResult<Item>> {
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<Item>>()
    this.#reject = reject
    result.then(resolve, reject)
    return promise
  }

  #note(item: Item): void {
    this.#hasItems = true
    if (!this.#firstWait || !this.#supervision.isSaying(item)) return
    this.#firstWait()
    this.#firstWait = undefined
  }

  #limit(milliseconds: number | undefined, what: string): (() => void) | undefined {
    if (milliseconds === undefined) return undefined
    return this.#supervision.clock.after(milliseconds, () => {
      this.#failure = new ModelError('timeout', `the target ${what} within ${milliseconds} ms`)
      this.#stop.abort(this.#failure)
      this.#reject?.(this.#failure)
      this.#finish()
      // What does not listen is not waited for.
      this.#source.return?.().then(undefined, () => undefined)
    })
  }

  #finish(): void {
    for (const cancel of this.#waits) cancel()
  }
}
