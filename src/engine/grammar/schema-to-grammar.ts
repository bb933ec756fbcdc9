import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import { createGrammarBuilder } from './grammar-builder.ts'
import type { GrammarOptions, NoGrammar } from './grammar-builder.ts'

export type SchemaGrammar =
  | {
      readonly type: 'grammar'
      /** GBNF whose start is `root`. */
      readonly grammar: string
      /** What of the schema the grammar does not enforce; fields are keywords. */
      readonly unenforced: readonly Loss[]
      /** Why the grammar takes any value of the right type for parts of the schema. */
      readonly loosened: readonly string[]
    }
  | NoGrammar

/**
 * Gives a grammar of JSON texts that match a schema. Whatever follows it matches, but for what `unenforced` and `loosened` name;
 * of the many spellings of a value it allows one, with properties in the order in which the schema declares them.
 * Takes any object, and bounded time.
 */
export function schemaToGrammar(schema: JsonObject, options: GrammarOptions = {}): SchemaGrammar {
  const builder = createGrammarBuilder(options)
  const added = builder.addSchema(schema)
  if (added.type !== 'rule') return added
  const built = builder.build(added.rule)
  const { unenforced, loosened } = added
  return built.type === 'grammar' ? { ...built, unenforced, loosened } : built
}
