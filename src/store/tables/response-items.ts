import type { Transaction } from 'kysely'
import type { Access } from '../access.ts'
import type { Schema } from '../schema.ts'

/* Of one answer. A request may have far more items, and the last ones are those that are spoken of. */
const mostItems = 1000

/** Whose items, and which. */
export interface ItemIds {
  readonly owner: string
  readonly itemIds: readonly string[]
}

/** Notes the items of an answer by ids that do not lead to it by themselves. */
export async function noteItems(
  transaction: Transaction<Schema>,
  responseId: string,
  { owner, itemIds }: ItemIds,
): Promise<void> {
  const ids = [...new Set(itemIds.filter(isWritable))].slice(-mostItems)
  if (ids.length === 0) return
  await transaction
    .insertInto('response_items')
    .values(ids.map(item_id => ({ owner, item_id, response_id: responseId })))
    .onConflict(conflict => conflict.columns(['owner', 'item_id']).doUpdateSet({ response_id: responseId }))
    .execute()
}

/** Gives the answers that hold such items. */
export async function holdersOf({ owner, itemIds }: ItemIds, access: Access): Promise<readonly string[]> {
  const ids = itemIds.filter(isWritable)
  if (ids.length === 0) return []
  const rows = await access.read(tables =>
    tables
      .selectFrom('response_items')
      .select('response_id')
      .distinct()
      .where('owner', '=', owner)
      .where('item_id', 'in', ids)
      .execute(),
  )
  return rows.map(({ response_id }) => response_id)
}

/* Clients and upstreams make these ids. */
function isWritable(id: string): boolean {
  return id.length <= 256 && id.isWellFormed() && !id.includes('\0')
}
