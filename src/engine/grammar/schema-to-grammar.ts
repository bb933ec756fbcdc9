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
    }
  | NoGrammar

/**
 * Gives a grammar of JSON texts that match a schema. Whatever follows it matches, but for what `unenforced` names;
 * of the many spellings of a value it allows one, with properties in the order in which the schema declares them.
 * Takes any object, and bounded time.
 */
export function schemaToGrammar(schema: JsonObject, options: GrammarOptions = {}): SchemaGrammar {
  const builder = createGrammarBuilder(options)
  const added = builder.addSchema(schema)
  if (added.type !== 'rule') return added
  const built = builder.build(added.rule)
  return built.type === 'grammar' ? { ...built, unenforced: added.unenforced } : built
}
