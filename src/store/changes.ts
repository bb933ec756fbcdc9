import type { Access } from './access.ts'

const askEveryMs = 1000
const unknown = -1

/** Tells that an owner changed something, in this process or in another one, within about a second. */
export class Changes {
  readonly #access: () => Access
  readonly #listeners = new Set<() => void>()
  #seen: number | undefined
  #timer: NodeJS.Timeout | undefined
  #asking: Promise<void> | undefined

  constructor(access: () => Access) {
    this.#access = access
  }

  /** Calls the listener after each change from now on, perhaps once for several; gives what ends that. */
  async watch(listener: () => void): Promise<() => void> {
    this.#listeners.add(listener)
    this.#timer ??= setInterval(() => void this.ask(), askEveryMs).unref()
    await this.ask()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  /** Looks at once. A database that does not answer is asked again later. */
  async ask(): Promise<void> {
    if (this.#listeners.size === 0) return
    this.#asking ??= this.#look().finally(() => (this.#asking = undefined))
    await this.#asking
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#seen = undefined
  }

  async #look(): Promise<void> {
    const before = this.#seen
    // One that did not answer at first counts as changed once it does.
    this.#seen = await this.#access()
      .version()
      .catch(() => before ?? unknown)
    if (before === undefined || before === this.#seen) return
    for (const listener of this.#listeners) listener()
  }
}
