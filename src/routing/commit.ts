import { ModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { Patience } from './patience.ts'

/** When an attempt becomes the answer. */
export interface CommitRules {
  /** Whether the client sees something in this event that it could not unsee. */
  readonly isVisible: (event: ModelEvent) => boolean
  readonly patience: Patience
  readonly signal: AbortSignal
}

/**
 * Reads up to the first event that the client would see, then gives the whole stream.
 * When patience is over, whatever was read is final, or else the first event to come.
 * Until it returns, the client has seen nothing and the attempt may still be replaced.
 */
export async function commit(events: ModelStream, rules: CommitRules): Promise<ModelStream> {
  const { signal, patience, isVisible } = rules
  const hold = new Hold(events[Symbol.asyncIterator]())
  const { promise, resolve, reject } = Promise.withResolvers<ModelStream>()
  const leave = () => reject(abortReason(signal))
  signal.addEventListener('abort', leave, { once: true })
  void patience.over.then(() => hold.isEmpty || resolve(hold.release()))
  hold.fill(event => isVisible(event) || patience.isOver).then(() => resolve(hold.release()), reject)
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

/** The events read before the commit. */
class Hold {
  readonly #source: AsyncIterator<ModelEvent>
  readonly #held: ModelEvent[] = []
  #pending: Promise<IteratorResult<ModelEvent>> | undefined
  #isReleased = false

  constructor(source: AsyncIterator<ModelEvent>) {
    this.#source = source
  }

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  async fill(isEnough: (event: ModelEvent) => boolean): Promise<void> {
    while (!this.#isReleased) {
      this.#pending = this.#source.next()
      const { done, value } = await this.#pending
      if (this.#isReleased) return
      this.#pending = undefined
      if (done) return this.#checkWhole()
      this.#held.push(value)
      if (isEnough(value)) return
    }
  }

  /** Gives the held events, then the rest. A read under way belongs to whoever has the stream. */
  release(): ModelStream {
    this.#isReleased = true
    return resume(this.#source, this.#held, this.#pending)
  }

  abandon(): void {
    this.#isReleased = true
    // A generator in the middle of a read closes after it; nobody waits for that.
    this.#source.return?.().then(undefined, () => undefined)
  }

  #checkWhole(): void {
    if (this.#held.at(-1)?.type === 'end') return
    throw new ModelError('unavailable', 'the model stopped before it said anything')
  }
}

/** An iterator by hand, since a generator that was never started does not run its `finally` on `return()`. */
function resume(
  source: AsyncIterator<ModelEvent>,
  held: readonly ModelEvent[],
  pending?: Promise<IteratorResult<ModelEvent>>,
): AsyncIterableIterator<ModelEvent> {
  let position = 0
  let underWay = pending
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next() {
      const event = held[position]
      if (event) {
        position += 1
        return Promise.resolve({ done: false, value: event })
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
