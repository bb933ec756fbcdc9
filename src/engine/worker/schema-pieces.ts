import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import type { Expression } from '../grammar/expression.ts'
import { createGrammarBuilder } from '../grammar/grammar-builder.ts'
import type { BuiltGrammar, GrammarBuilder } from '../grammar/grammar-builder.ts'

/** A grammar, and what of the schemas in it it does not enforce. */
export interface SchemaBoundGrammar {
  readonly built: BuiltGrammar
  readonly losses: readonly Loss[]
  /** Whether the grammar enforces all that the schema of a field demands. */
  readonly keeps: (field: string) => boolean
  /** The same with any object in the place of every schema. */
  readonly loosened: () => BuiltGrammar
}

/** What a grammar is put together from. */
export interface Pieces {
  readonly say: (text: string) => Expression
  readonly anyObject: () => Expression
  /** The JSON texts that match a schema; any JSON object in the place of a schema that costs too much. */
  readonly matching: (schema: JsonObject, terms: SchemaTerms) => Expression
}

export interface SchemaTerms {
  /** The request's field that holds the schema. */
  readonly field: string
  /** Whether what the grammar cannot enforce is worth telling. */
  readonly isStrict: boolean
  /** Called for a schema that nothing matches; it may throw. */
  readonly onImpossible?: (why: string) => void
}

/**
 * Puts a grammar together, and where that costs too much once more with any object in the place of every schema.
 * `field` is the request's field that is then not met.
 */
export function buildGrammar(field: string, root: (pieces: Pieces) => Expression): SchemaBoundGrammar {
  const losses: Loss[] = []
  const unkept = new Set<string>()
  const builder = createGrammarBuilder()
  const matching: Pieces['matching'] = (schema, terms) => {
    const added = addSchema(builder, schema, { terms, losses })
    if (!added.isKept) unkept.add(terms.field)
    return added.rule
  }
  const built = builder.build(root(piecesOf(builder, matching)))
  const loosened = (): BuiltGrammar => loosen(root)
  if (built.type !== 'too-costly') return { built, losses, keeps: each => !unkept.has(each), loosened }
  const why = `any JSON object passes for each schema: ${built.why}`
  return { built: loosened(), losses: [{ field, action: 'degraded', why }], keeps: () => false, loosened }
}

function loosen(root: (pieces: Pieces) => Expression): BuiltGrammar {
  const builder = createGrammarBuilder()
  return builder.build(root(piecesOf(builder, () => builder.addAnyObject())))
}

function piecesOf(builder: GrammarBuilder, matching: Pieces['matching']): Pieces {
  return { say: text => builder.addLiteral(text), anyObject: () => builder.addAnyObject(), matching }
}

function addSchema(
  builder: GrammarBuilder,
  schema: JsonObject,
  { terms, losses }: { terms: SchemaTerms; losses: Loss[] },
): { readonly rule: Expression; readonly isKept: boolean } {
  const { field, isStrict, onImpossible } = terms
  const added = builder.addSchema(schema)
  if (added.type === 'rule') {
    const { rule, unenforced, loosened } = added
    for (const why of loosened)
      losses.push({ field, action: 'degraded', why: `any value of its type passes for a part of the schema: ${why}` })
    if (isStrict) losses.push(...unenforced.map(loss => ({ ...loss, field: `${field}.${loss.field}` })))
    // What no keyword is known to mean, no validator checks either.
    const isEnforced = unenforced.every(({ action }) => action === 'dropped')
    return { rule, isKept: isEnforced && loosened.length === 0 }
  }
  if (added.type === 'impossible') onImpossible?.(added.why)
  losses.push({ field, action: 'degraded', why: `any JSON object passes for the schema: ${added.why}` })
  return { rule: builder.addAnyObject(), isKept: false }
}
