import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import type { Schema } from '../schema.ts'
import type { ResponseLimits } from './response-limits.ts'

export interface ResponsePrunerOptions extends ResponseLimits {
  readonly access: Access
  readonly now: () => number
}

/* SQLite keeps the whole process waiting meanwhile. */
const batchRows = 50
const batchBytes = 8 * 1024 * 1024

/**
 * Forgets a few of the answers that were not used for too long, or for longest where there are too many. Says whether
 * more of them may be due.
 */
export async function pruneResponses(options: ResponsePrunerOptions): Promise<boolean> {
  let count = 0
  await options.access.note(async transaction => {
    const ids = await dueIn(transaction, options)
    if (ids.length > 0) await transaction.deleteFrom('responses').where('id', 'in', ids).execute()
    count = ids.length
  })
  return count > 0
}

async function dueIn(transaction: Transaction<Schema>, options: ResponsePrunerOptions): Promise<readonly string[]> {
  const { mostAgeMs, mostBytes, mostRows, now } = options
  const oldest = await transaction
    .selectFrom('responses')
    .select(['id', 'size', 'used_at'])
    .orderBy('used_at')
    .orderBy('id', 'desc')
    .limit(batchRows)
    .execute()
  const left = await totalsIn(transaction)
  // Where nothing is to be kept, the clock has no say.
  const tooOld = mostAgeMs === 0 ? Number.POSITIVE_INFINITY : now() - mostAgeMs
  const due: string[] = []
  let bytes = 0
  for (const { id, size, used_at } of oldest) {
    const isDue = used_at <= tooOld || left.rows > mostRows || left.bytes > mostBytes
    if (!isDue || bytes > batchBytes) break
    due.push(id)
    bytes += size
    left.rows -= 1
    left.bytes -= size
  }
  return due
}

async function totalsIn(transaction: Transaction<Schema>): Promise<{ rows: number; bytes: number }> {
  const { rows, bytes } = await transaction
    .selectFrom('responses')
    .select(({ fn }) => [fn.countAll().as('rows'), fn.sum('size').as('bytes')])
    .executeTakeFirstOrThrow()
  // Postgres gives sums as texts, and both nothing for the sum of no rows.
  return { rows: Number(rows), bytes: Number(bytes) }
}
