import type { RelayedPiece } from '../../core/backend.ts'
import type { ModelEvent } from '../../core/events.ts'

type Decode = (bytes: AsyncIterable<Uint8Array>) => AsyncGenerator<ModelEvent>

/** How a stream is read along. */
export interface Reading {
  readonly decode: Decode
  /** What ends a stream of this protocol, for an upstream that ends its answer and leaves it out. */
  readonly endMark: Uint8Array
}

/**
 * Gives each piece of a stream with the events that it tells, and ends with the piece that ends the answer.
 * Throws what `decode` throws before it gives the piece that is at fault.
 */
export async function* tee(
  pieces: AsyncIterable<Uint8Array>,
  { decode, endMark }: Reading,
): AsyncGenerator<RelayedPiece> {
  const reader = new Reader(decode)
  for await (const bytes of pieces) {
    const events = await reader.read(bytes)
    yield { bytes, events }
    if (reader.isDone) return
  }
  const events = await reader.end()
  if (events.length > 0) yield { bytes: endMark, events }
}

/** Feeds a decoder piece by piece, and knows when it has told all that a piece says. */
class Reader {
  isDone = false
  #events: ModelEvent[] = []
  #failure: { readonly error: unknown } | undefined
  #mail = Promise.withResolvers<IteratorResult<Uint8Array, undefined>>()
  #settled: () => void = () => {}

  constructor(decode: Decode) {
    void this.#pump(decode(this.#pieces()))
  }

  read(bytes: Uint8Array): Promise<readonly ModelEvent[]> {
    return this.#step({ done: false, value: bytes })
  }

  end(): Promise<readonly ModelEvent[]> {
    return this.#step({ done: true, value: undefined })
  }

  async #step(piece: IteratorResult<Uint8Array, undefined>): Promise<readonly ModelEvent[]> {
    const settled = new Promise<void>(resolve => (this.#settled = resolve))
    this.#mail.resolve(piece)
    if (!this.isDone) await settled
    if (this.#failure) throw this.#failure.error
    return this.#events.splice(0)
  }

  async #pump(decoded: AsyncGenerator<ModelEvent>): Promise<void> {
    try {
      for await (const event of decoded) this.#events.push(event)
    } catch (error) {
      this.#failure = { error }
    }
    this.isDone = true
    this.#settled()
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await this.#mail.promise
      this.#mail = Promise.withResolvers()
      if (piece.done === true) return
      yield piece.value
      // A decoder that asks for more has told all that it has.
      this.#settled()
    }
  }
}
