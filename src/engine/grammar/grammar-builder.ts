import type { JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import { toAutomaton, toDeterministic } from './automaton.ts'
import { rulesIn, sequence, text } from './expression.ts'
import type { Expression } from './expression.ts'
import { findFinite, reachable, withoutEndless } from './grammar-analysis.ts'
import { writeGrammar } from './grammar-text.ts'
import { JsonRules } from './json-rules.ts'
import type { Layout } from './json-rules.ts'
import { Allowance, limits, TooCostly } from './limits.ts'
import { anyText, sequencePattern, textPattern } from './pattern.ts'
import { checkNativeCost } from './native-cost.ts'
import { checkParallelReadings } from './parallel-readings.ts'
import { RuleSet } from './rule-set.ts'
import { SchemaRules } from './schema-rules.ts'
import type { SchemaRulesParts } from './schema-rules.ts'
import { SchemaSource } from './schema-source.ts'
import { addMachine } from './spell.ts'

/** Why there is no grammar. */
export type NoGrammar =
  /** It would cost more than it is worth: validate the answer afterwards, and repair it. */
  | { readonly type: 'too-costly'; readonly why: string }
  /** No value matches the schema: the request cannot be answered as asked. */
  | { readonly type: 'impossible'; readonly why: string }

export type SchemaRule =
  | {
      readonly type: 'rule'
      readonly rule: Expression
      /** What of the schema the rule does not enforce; fields are keywords. */
      readonly unenforced: readonly Loss[]
      /** Why the rule takes any value of the right type for parts of the schema. */
      readonly loosened: readonly string[]
    }
  | NoGrammar

export type BuiltGrammar = { readonly type: 'grammar'; readonly grammar: string } | NoGrammar

/** Makes one grammar of several pieces, which `sequence`, `choice`, `optional` and `repeat` put together. */
export interface GrammarBuilder {
  /** The JSON texts of the values that match a schema. */
  addSchema(schema: JsonObject): SchemaRule
  /** Any JSON object. */
  addAnyObject(): Expression
  /** Exactly this text. */
  addLiteral(text: string): Expression
  /** Everything up to and including the first time that this text comes. */
  addUntil(marker: string): Expression
  build(root: Expression): BuiltGrammar
}

export interface GrammarOptions {
  /** `one-line` where nothing is said. */
  readonly layout?: Layout
}

export function createGrammarBuilder({ layout = 'one-line' }: GrammarOptions = {}): GrammarBuilder {
  const rules = new RuleSet()
  const json = new JsonRules(rules, layout)
  const allowance = SchemaSource.allowance()
  const enumAllowance = new Allowance(limits.enumSteps, 'its listed values take too long to check')
  return {
    addSchema: schema =>
      orTooCostly(() => addSchema({ rules, json, enumAllowance, source: new SchemaSource(schema, allowance) })),
    addAnyObject: () => json.freeObject(),
    addLiteral: text,
    addUntil: marker => addUntil(rules, marker),
    build: root => orTooCostly(() => build(rules, root)),
  }
}

function addSchema(parts: SchemaRulesParts): SchemaRule {
  const rule = new SchemaRules(parts).whole()
  const finite = findFinite(reachable(parts.rules.defined, rulesIn(rule)))
  if (rulesIn(rule).some(name => finite.get(name) !== 1))
    return { type: 'impossible', why: 'no value matches the schema: its demands exclude each other, or never end' }
  const { unenforced, loosened } = parts.source
  return { type: 'rule', rule, unenforced, loosened }
}

/* The machine that looks for the marker, cut off where it has found it. */
function addUntil(rules: RuleSet, marker: string): Expression {
  const machine = toDeterministic(toAutomaton(sequencePattern(anyText, textPattern(marker))))
  return addMachine(
    rules,
    machine.map(state => (state.isEnd ? { ...state, edges: [] } : state)),
  )
}

function build(rules: RuleSet, root: Expression): BuiltGrammar {
  const start = rules.reserve('start')
  rules.define(start, sequence(root))
  const all = withoutEndless(reachable(rules.defined, [start]))
  if (!all.has(start)) return { type: 'impossible', why: 'no text matches the grammar' }
  checkNativeCost(all)
  checkParallelReadings(all)
  return { type: 'grammar', grammar: writeGrammar(start, all) }
}

function orTooCostly<T>(make: () => T): T | { readonly type: 'too-costly'; readonly why: string } {
  try {
    return make()
  } catch (error) {
    if (error instanceof TooCostly) return { type: 'too-costly', why: error.message }
    throw error
  }
}
