import { waitFor } from './wait-for.ts'

/** What was said so far and what follows: every reader hears all of it, whenever it comes. */
export class EventLog<T> {
  readonly #said: T[] = []
  #end: { readonly error?: unknown } | undefined
  #news = Promise.withResolvers<void>()

  get hasFailed(): boolean {
    return this.#end !== undefined && 'error' in this.#end
  }

  push(item: T): void {
    this.#said.push(item)
    this.#wake()
  }

  /** Says that nothing follows; readers that heard all of it end, with the error where there is one. */
  end(failure?: { readonly error: unknown }): void {
    this.#end = failure ?? {}
    this.#wake()
  }

  async *read(signal: AbortSignal): AsyncGenerator<T> {
    for (let next = 0; ;) {
      const item = this.#said[next]
      if (item !== undefined) {
        next += 1
        yield item
      } else if (this.#end) {
        if ('error' in this.#end) throw this.#end.error
        return
      } else await waitFor(this.#news.promise, signal)
    }
  }

  #wake(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }
}
