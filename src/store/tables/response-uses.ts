import type { Access } from '../access.ts'

export interface ResponseUsesOptions {
  readonly access: Access
  readonly now: () => number
}

/* Databases take only so many values in one statement. */
const batchIds = 1000

/** Begins the time of answers that were used anew: one write at a time, however many are used meanwhile. */
export class ResponseUses {
  readonly #options: ResponseUsesOptions
  readonly #waiting = new Set<string>()
  #writing: Promise<void> | undefined

  constructor(options: ResponseUsesOptions) {
    this.#options = options
  }

  async note(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#waiting.add(id)
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    await this.#writing
  }

  async #write(): Promise<void> {
    const { access, now } = this.#options
    while (this.#waiting.size > 0) {
      const ids = [...this.#waiting].slice(0, batchIds)
      for (const id of ids) this.#waiting.delete(id)
      await access.note(async transaction => {
        await transaction.updateTable('responses').set({ used_at: now() }).where('id', 'in', ids).execute()
      })
    }
  }
}
