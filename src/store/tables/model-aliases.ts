import type { ModelAlias, ModelPattern } from '../../core/route-rules.ts'
import { checkInput } from './checked-input.ts'
import { modelAlias } from './route-shape.ts'
import type { TableOptions } from './routes.ts'
import { readRows, readValue } from './row-reading.ts'
import type { Listed } from './row-reading.ts'

/** Other names for models. */
export interface ModelAliases {
  list(): Promise<Listed<ModelAlias>>
  /** Keeps an alias, in the place of the one of the same pattern. */
  put(alias: ModelAlias): Promise<void>
  /** Forgets an alias; tells whether there was one. */
  remove(alias: ModelPattern): Promise<boolean>
}

/** Makes the table of aliases. */
export function createModelAliases({ access, now }: TableOptions): ModelAliases {
  return {
    list: async () => {
      const rows = await access.read(tables =>
        tables.selectFrom('model_aliases').selectAll().orderBy('type').orderBy('text').execute(),
      )
      return readRows(rows, 'model_aliases', {
        idOf: row => `${row.type}:${row.text}`,
        read: ({ type, text, model }) => readValue({ alias: { type, text }, model }, modelAlias),
      })
    },
    put: async alias => {
      const { alias: pattern, model } = checkInput(alias, modelAlias, 'the alias')
      const changes = { model, changed_at: now() }
      await access.change(async transaction => {
        await transaction
          .insertInto('model_aliases')
          .values({ type: pattern.type, text: pattern.text, ...changes })
          .onConflict(conflict => conflict.columns(['type', 'text']).doUpdateSet(changes))
          .execute()
      })
    },
    remove: async ({ type, text }) =>
      access.change(async transaction => {
        const { numDeletedRows } = await transaction
          .deleteFrom('model_aliases')
          .where('type', '=', type)
          .where('text', '=', text)
          .executeTakeFirst()
        return numDeletedRows > 0n
      }),
  }
}
