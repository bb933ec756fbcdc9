/** A queue that one side pushes to and the other iterates: the seam between sockets and generators. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  #failure: { readonly error: Error } | undefined
  #wake: (() => void) | undefined

  push(item: T): void {
    this.#items.push(item)
    this.#wake?.()
  }

  /** Ends the iteration with an error, after the items that are already here. */
  fail(error: Error): void {
    this.#failure = { error }
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      yield* this.#items.splice(0)
      if (this.#items.length > 0) continue
      if (this.#failure) throw this.#failure.error
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}
