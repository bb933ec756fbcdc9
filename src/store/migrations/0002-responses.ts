import type { Migration } from './migrate.ts'

/** The answers that clients asked to be kept. */
export const responses: Migration = {
  name: '0002-responses',
  apply: async ({ schema }) => {
    await schema
      .createTable('responses')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('owner', 'text', column => column.notNull())
      .addColumn('previous_id', 'text')
      .addColumn('is_local_only', 'integer', column => column.notNull())
      .addColumn('used_at', 'int8', column => column.notNull())
      .addColumn('size', 'int8', column => column.notNull())
      .addColumn('input', 'text', column => column.notNull())
      .addColumn('response', 'text', column => column.notNull())
      .execute()
    await schema.createIndex('responses_used_at').on('responses').column('used_at').execute()
  },
}
