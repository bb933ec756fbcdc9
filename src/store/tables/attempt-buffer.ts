import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import type { AttemptRow, Schema } from '../schema.ts'

/** How much is kept of attempts, and how long. */
export interface AttemptLimits {
  readonly mostRows?: number
  readonly mostAgeMs?: number
  readonly mostWaiting?: number
}

export interface AttemptBufferOptions extends AttemptLimits {
  readonly access: Access
  readonly now: () => number
}

const writeEveryMs = 1000
const batchRows = 500
const pruneEveryMs = 60_000
const dayMs = 86_400_000

/**
 * Holds attempts until a batch of them is written. While the database cannot take them, so many are held and the
 * oldest are given up, and counted.
 */
export class AttemptBuffer {
  readonly #options: Required<AttemptBufferOptions>
  #waiting: AttemptRow[] = []
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #prunedAt = Number.NEGATIVE_INFINITY

  constructor(options: AttemptBufferOptions) {
    this.#options = { mostRows: 100_000, mostAgeMs: 30 * dayMs, mostWaiting: 10_000, ...options }
  }

  get dropped(): number {
    return this.#dropped
  }

  add(row: AttemptRow): void {
    this.#waiting.push(row)
    const excess = this.#waiting.length - this.#options.mostWaiting
    if (excess > 0) {
      this.#waiting.splice(0, excess)
      this.#dropped += excess
    }
    this.#timer ??= setTimeout(() => void this.#writeSoon(), writeEveryMs).unref()
  }

  /** Writes what waits, one batch after the other. */
  async flush(): Promise<void> {
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flush().catch(() => undefined)
    this.#dropped += this.#waiting.length
    this.#waiting = []
    clearTimeout(this.#timer)
  }

  async #writeSoon(): Promise<void> {
    await this.flush().catch(() => undefined)
    this.#timer = undefined
    // What could not be written is tried again.
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => void this.#writeSoon(), writeEveryMs).unref()
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchRows)
      await this.#options.access.note(async transaction => {
        await transaction
          .insertInto('attempts')
          .values(batch)
          .onConflict(conflict => conflict.doNothing())
          .execute()
      })
      // Some may have been given up meanwhile.
      const written = new Set(batch)
      this.#waiting = this.#waiting.filter(row => !written.has(row))
    }
    await this.#pruneSometimes()
  }

  async #pruneSometimes(): Promise<void> {
    const { access, now } = this.#options
    if (now() - this.#prunedAt < pruneEveryMs) return
    this.#prunedAt = now()
    await access.note(transaction => this.#prune(transaction))
  }

  async #prune(transaction: Transaction<Schema>): Promise<void> {
    const { mostAgeMs, mostRows, now } = this.#options
    await transaction
      .deleteFrom('attempts')
      .where('at', '<', now() - mostAgeMs)
      .execute()
    const oldest = transaction.selectFrom('attempts').select('at').orderBy('at', 'desc').offset(mostRows).limit(1)
    await transaction.deleteFrom('attempts').where('at', '<=', oldest).execute()
  }
}
