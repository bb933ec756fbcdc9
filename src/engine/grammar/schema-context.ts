import type { Json } from '../../core/json.ts'
import type { Expression } from './expression.ts'
import type { JsonRules } from './json-rules.ts'
import type { RuleSet } from './rule-set.ts'
import type { SchemaSource } from './schema-source.ts'

/** What the rules of one kind of value need of the whole. */
export interface SchemaContext {
  readonly rules: RuleSet
  readonly json: JsonRules
  readonly source: SchemaSource
  /** Gives what matches a schema's values. */
  of(schema: Json | undefined): Expression
  /** Gives a count that can be written out; nothing for an absent one, or after noting that it cannot. */
  capped(keyword: string, count: number | undefined): number | undefined
}
