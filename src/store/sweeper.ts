import type { Access } from './access.ts'

const restMs = 1000

/** Makes sure, soon after something was deleted, that it can be read in no file of the database. */
export class Sweeper {
  readonly #access: Pick<Access, 'sweep'>
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(access: Pick<Access, 'sweep'>) {
    this.#access = access
  }

  soon(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#sweep(), restMs).unref()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #sweep(): Promise<void> {
    const isDone = await this.#access.sweep().catch(() => false)
    this.#timer = undefined
    if (!isDone) this.soon()
  }
}
