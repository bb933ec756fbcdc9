import type { Migration } from './migrate.ts'

/** Which answer holds an item whose id does not say so: the last one that came with it. */
export const responseItems: Migration = {
  name: '0004-response-items',
  apply: async ({ schema }) => {
    await schema
      .createTable('response_items')
      .addColumn('owner', 'text', column => column.notNull())
      .addColumn('item_id', 'text', column => column.notNull())
      .addColumn('response_id', 'text', column => column.notNull().references('responses.id').onDelete('cascade'))
      .addPrimaryKeyConstraint('response_items_key', ['owner', 'item_id'])
      .execute()
    await schema.createIndex('response_items_by_response').on('response_items').column('response_id').execute()
  },
}
