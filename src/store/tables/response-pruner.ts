import { sql } from 'kysely'
import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import type { Schema } from '../schema.ts'

/** How much is kept of answers, and how long after their last use. */
export interface ResponseLimits {
  readonly mostAgeMs?: number
  readonly mostBytes?: number
  readonly mostRows?: number
}

export interface ResponsePrunerOptions extends ResponseLimits {
  readonly access: Access
  readonly now: () => number
}

const pruneEveryMs = 60_000
const dayMs = 86_400_000

/** Forgets the answers that were not used for longest where there are too many, or they are too old. */
export class ResponsePruner {
  readonly #options: Required<ResponsePrunerOptions>
  #prunedAt = Number.NEGATIVE_INFINITY

  constructor(options: ResponsePrunerOptions) {
    this.#options = { mostAgeMs: 30 * dayMs, mostBytes: 2 ** 30, mostRows: 100_000, ...options }
  }

  async pruneSometimes(): Promise<void> {
    const { access, now } = this.#options
    if (Math.abs(now() - this.#prunedAt) < pruneEveryMs) return
    this.#prunedAt = now()
    await access.note(transaction => this.#prune(transaction))
  }

  async #prune(transaction: Transaction<Schema>): Promise<void> {
    const { mostAgeMs, mostBytes, mostRows, now } = this.#options
    await transaction
      .deleteFrom('responses')
      .where('used_at', '<', now() - mostAgeMs)
      .execute()
    const counted = transaction
      .selectFrom('responses')
      .select([
        'id',
        sql<number>`sum(size) over (order by used_at desc, id)`.as('bytes'),
        sql<number>`count(*) over (order by used_at desc, id)`.as('place'),
      ])
      .as('counted')
    const surplus = transaction
      .selectFrom(counted)
      .select('id')
      .where(row => row.or([row.eb('bytes', '>', mostBytes), row.eb('place', '>', mostRows)]))
    await transaction.deleteFrom('responses').where('id', 'in', surplus).execute()
  }
}
