import type { CreateTableBuilder, SchemaModule } from 'kysely'
import type { Migration } from './migrate.ts'

/** What the owner sets up, and the record of attempts. */
export const firstTables: Migration = {
  name: '0001-first-tables',
  apply: async ({ schema }) => {
    await schema
      .createTable('state')
      .addColumn('id', 'integer', column => column.primaryKey())
      .addColumn('version', 'int8', column => column.notNull())
      .execute()
    await schema
      .createTable('master_keys')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('sealed', 'text', column => column.notNull())
      .addColumn('created_at', 'int8', column => column.notNull())
      .execute()
    await createOwned(schema)
    await createAttempts(schema)
  },
}

async function createOwned(schema: SchemaModule): Promise<void> {
  await changing(schema.createTable('providers'))
    .addColumn('id', 'text', column => column.primaryKey())
    .addColumn('settings', 'text', column => column.notNull())
    .execute()
  await changing(schema.createTable('credentials'))
    .addColumn('provider', 'text', column => column.notNull().references('providers.id').onDelete('cascade'))
    .addColumn('name', 'text', column => column.notNull())
    .addColumn('sealed', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('credentials_key', ['provider', 'name'])
    .execute()
  await changing(schema.createTable('routes'))
    .addColumn('name', 'text', column => column.primaryKey())
    .addColumn('position', 'int8', column => column.notNull())
    .addColumn('rule', 'text', column => column.notNull())
    .execute()
  await changing(schema.createTable('model_aliases'))
    .addColumn('type', 'text', column => column.notNull())
    .addColumn('text', 'text', column => column.notNull())
    .addColumn('model', 'text', column => column.notNull())
    .addPrimaryKeyConstraint('model_aliases_key', ['type', 'text'])
    .execute()
}

async function createAttempts(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('attempts')
    .addColumn('request_id', 'text', column => column.notNull())
    .addColumn('number', 'integer', column => column.notNull())
    .addColumn('at', 'int8', column => column.notNull())
    .addColumn('provider', 'text', column => column.notNull())
    .addColumn('model', 'text', column => column.notNull())
    .addColumn('failure', 'text')
    .addColumn('duration_ms', 'int8', column => column.notNull())
    .addPrimaryKeyConstraint('attempts_key', ['request_id', 'number'])
    .execute()
  await schema.createIndex('attempts_at').on('attempts').column('at').execute()
}

function changing(table: CreateTableBuilder<string>): CreateTableBuilder<string> {
  return table.addColumn('changed_at', 'int8', column => column.notNull())
}
