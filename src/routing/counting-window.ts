interface Second {
  at: number
  first: number
  second: number
}

/** Two counts over the last so many seconds. */
export class CountingWindow {
  readonly #seconds: Second[] = []
  readonly #length: number

  constructor(length: number) {
    this.#length = length
  }

  add(count: 'first' | 'second', nowMs: number): void {
    const at = Math.floor(nowMs / 1000)
    let last = this.#seconds.at(-1)
    if (!last || last.at < at) {
      last = { at, first: 0, second: 0 }
      this.#seconds.push(last)
      this.#forget(at)
    }
    last[count] += 1
  }

  sums(nowMs: number): { readonly first: number; readonly second: number } {
    this.#forget(Math.floor(nowMs / 1000))
    const first = this.#seconds.reduce((sum, second) => sum + second.first, 0)
    return { first, second: this.#seconds.reduce((sum, second) => sum + second.second, 0) }
  }

  clear(): void {
    this.#seconds.length = 0
  }

  #forget(at: number): void {
    while ((this.#seconds[0]?.at ?? Infinity) <= at - this.#length) this.#seconds.shift()
  }
}
