import { ModelError } from '../core/errors.ts'
import type { Patience } from './patience.ts'

/** When an attempt becomes the answer. Its items are events, or relayed pieces of bytes with the events in them. */
export interface CommitRules<Item> {
  /** Whether the client sees something in this item that it could not unsee. */
  readonly isVisible: (item: Item) => boolean
  /** Whether anything is told in this item at all. */
  readonly isTelling: (item: Item) => boolean
  /** Whether the answer is whole with this item. */
  readonly isEnd: (item: Item) => boolean
  readonly patience: Patience
  readonly signal: AbortSignal
}

/**
 * Reads up to the first item that the client would see, then gives the whole stream.
 * When patience is over, whatever was told is final, or else the first item to come that tells something.
 * Until it returns, the client has seen nothing and the attempt may still be replaced.
 */
export async function commit<Item>(
  items: AsyncIterable<Item>,
  rules: CommitRules<Item>,
): Promise<AsyncIterableIterator<Item>> {
  const { signal, patience, isVisible, isTelling } = rules
  const hold = new Hold(items[Symbol.asyncIterator](), rules)
  const { promise, resolve, reject } = Promise.withResolvers<AsyncIterableIterator<Item>>()
  const leave = () => reject(abortReason(signal))
  signal.addEventListener('abort', leave, { once: true })
  void patience.over.then(() => !hold.isTelling || resolve(hold.release()))
  hold.fill(item => isVisible(item) || (patience.isOver && isTelling(item))).then(() => resolve(hold.release()), reject)
  try {
    return await promise
  } catch (error) {
    hold.abandon()
    throw error
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** Gives the failure that a signal was aborted with. */
export function abortReason(signal: AbortSignal): ModelError {
  const reason: unknown = signal.reason
  return reason instanceof ModelError ? reason : new ModelError('aborted', 'the request was cancelled')
}

/** The items read before the commit. */
class Hold<Item> {
  readonly #source: AsyncIterator<Item>
  readonly #rules: Pick<CommitRules<Item>, 'isTelling' | 'isEnd'>
  readonly #held: Item[] = []
  #pending: Promise<IteratorResult<Item>> | undefined
  #isReleased = false
  #isWhole = false

  constructor(source: AsyncIterator<Item>, rules: Pick<CommitRules<Item>, 'isTelling' | 'isEnd'>) {
    this.#source = source
    this.#rules = rules
  }

  get isTelling(): boolean {
    return this.#held.some(item => this.#rules.isTelling(item))
  }

  async fill(isEnough: (item: Item) => boolean): Promise<void> {
    while (!this.#isReleased) {
      this.#pending = this.#source.next()
      const { done, value } = await this.#pending
      if (this.#isReleased) return
      this.#pending = undefined
      if (done) return this.#checkWhole()
      this.#held.push(value)
      this.#isWhole ||= this.#rules.isEnd(value)
      if (isEnough(value)) return
    }
  }

  /** Gives the held items, then the rest. A read under way belongs to whoever has the stream. */
  release(): AsyncIterableIterator<Item> {
    this.#isReleased = true
    return resume(this.#source, this.#held, this.#pending)
  }

  abandon(): void {
    this.#isReleased = true
    // A generator in the middle of a read closes after it; nobody waits for that.
    this.#source.return?.().then(undefined, () => undefined)
  }

  #checkWhole(): void {
    if (this.#isWhole) return
    throw new ModelError('unavailable', 'the model stopped before it said anything')
  }
}

/** An iterator by hand, since a generator that was never started does not run its `finally` on `return()`. */
function resume<Item>(
  source: AsyncIterator<Item>,
  held: readonly Item[],
  pending?: Promise<IteratorResult<Item>>,
): AsyncIterableIterator<Item> {
  let position = 0
  let underWay = pending
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next() {
      const item = held[position]
      if (item !== undefined) {
        position += 1
        return Promise.resolve({ done: false, value: item })
      }
      const result = underWay ?? source.next()
      underWay = undefined
      return result
    },
    async return() {
      position = held.length
      await source.return?.()
      return { done: true, value: undefined }
    },
  }
}
