import type { Migration } from './migrate.ts'

/** The order in which answers are forgotten, with their sizes: both are told without reading what was said. */
export const responsesByAge: Migration = {
  name: '0003-responses-by-age',
  apply: async ({ schema }) => {
    await schema.createIndex('responses_by_age').on('responses').columns(['used_at', 'id', 'size']).execute()
    await schema.dropIndex('responses_used_at').execute()
  },
}
