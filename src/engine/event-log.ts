import { toAbortion, waitFor } from './wait-for.ts'

export interface EventLogOptions<T> {
  /** The memory that an item takes, about. */
  readonly bytesOf: (item: T) => number
  /** Says the same in fewer items. */
  readonly join: (items: readonly T[]) => readonly T[]
  /** How much is kept of what every reader heard, and how far the foremost reader may be behind. */
  readonly mostBytes: number
}

interface Reader {
  /** How many of the items that are kept it heard. */
  heard: number
}

const fewItems = 64

/** What was said so far and what follows: every reader hears all of it, whenever it comes. */
export class EventLog<T> {
  readonly #options: EventLogOptions<T>
  readonly #readers = new Set<Reader>()
  #said: T[] = []
  #isWhole = true
  #tidyAt = fewItems
  #end: { readonly error?: unknown } | undefined
  #news = Promise.withResolvers<void>()
  #room: PromiseWithResolvers<void> | undefined

  constructor(options: EventLogOptions<T>) {
    this.#options = options
  }

  get hasFailed(): boolean {
    return this.#end !== undefined && 'error' in this.#end
  }

  /** Whether a new reader can hear all of it. Of long answers, what every reader heard is let go. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  push(item: T): void {
    this.#said.push(item)
    if (this.#said.length >= this.#tidyAt) this.#tidy()
    this.#wake()
  }

  /** Says that nothing follows; readers that heard all of it end, with the error where there is one. */
  end(failure?: { readonly error: unknown }): void {
    this.#end = failure ?? {}
    this.#wake()
  }

  /** Settles when a reader is near enough to the end for more to be said. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#unheardBytes() > this.#options.mostBytes) {
      this.#room ??= Promise.withResolvers()
      await waitFor(this.#room.promise, signal)
    }
  }

  async *read(signal: AbortSignal): AsyncGenerator<T> {
    const reader: Reader = { heard: 0 }
    this.#readers.add(reader)
    // A client that left may never ask for the next item.
    const leave = (): void => void this.#readers.delete(reader)
    signal.addEventListener('abort', leave, { once: true })
    try {
      for (;;) {
        if (signal.aborted) throw toAbortion(signal)
        const item = this.#said[reader.heard]
        if (item === undefined && this.#end) break
        if (item === undefined) await waitFor(this.#news.promise, signal)
        else {
          reader.heard += 1
          this.#tellRoom()
          yield item
        }
      }
      if (this.#end && 'error' in this.#end) throw this.#end.error
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  }

  #unheardBytes(): number {
    return this.#bytesIn(this.#said.slice(Math.max(0, ...this.#places())))
  }

  #bytesIn(items: readonly T[]): number {
    return items.reduce((sum, item) => sum + this.#options.bytesOf(item), 0)
  }

  #places(): readonly number[] {
    return [...this.#readers].map(({ heard }) => heard)
  }

  /** Joins what lies between the places of readers: what each has still to hear stays the same. */
  #tidy(): void {
    const old = this.#said
    const said: T[] = []
    const moved = new Map([[0, 0]])
    let from = 0
    for (const place of [...new Set([...this.#places(), old.length])].toSorted((a, b) => a - b)) {
      said.push(...this.#options.join(old.slice(from, place)))
      moved.set(place, said.length)
      from = place
    }
    for (const reader of this.#readers) reader.heard = moved.get(reader.heard) ?? 0
    this.#said = said
    this.#letGo()
    this.#tidyAt = fewItems + this.#said.length * 2
  }

  #letGo(): void {
    const heard = Math.min(...this.#places())
    if (this.#readers.size === 0 || this.#bytesIn(this.#said.slice(0, heard)) <= this.#options.mostBytes) return
    this.#said = this.#said.slice(heard)
    for (const reader of this.#readers) reader.heard -= heard
    this.#isWhole = false
  }

  #wake(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }

  #tellRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}
