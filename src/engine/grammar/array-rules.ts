import { never, nothing, optional, repeat, sequence, text } from './expression.ts'
import type { Expression } from './expression.ts'
import { countAt, itemsOf } from './json-schema.ts'
import type { Items } from './json-schema.ts'
import { limits, TooCostly } from './limits.ts'
import type { SchemaContext } from './schema-context.ts'
import type { PlainSchema } from './schema-source.ts'

/** Arrays of a schema: items with a place of their own first, then items of one kind. */
export function addArray(schema: PlainSchema, context: SchemaContext): Expression {
  const [min, max] = [countAt(schema, 'minItems') ?? 0, countAt(schema, 'maxItems')]
  if (max !== undefined && max < min) return never
  const { placed, rest } = itemsOf(schema)
  if (placed.length > limits.unrolledItems) throw new TooCostly(`it lists more than ${limits.unrolledItems} items`)
  const count = {
    min: context.capped('minItems', min) ?? limits.unrolledItems,
    max: rest === false ? Math.min(max ?? placed.length, placed.length) : context.capped('maxItems', max),
  }
  if (placed.length === 0) return context.json.list(context.of(rest), count)
  return addTuple({ placed: placed.slice(0, count.max), rest, ...count }, context)
}

interface Tuple extends Items {
  readonly min: number
  readonly max: number | undefined
}

function addTuple({ placed, rest, min, max }: Tuple, context: SchemaContext): Expression {
  const { rules, json } = context
  const { length } = placed
  if (max !== undefined && max < min) return never
  const [fewest, most] = [Math.max(min - length, 0), max === undefined ? undefined : max - length]
  const further = most === 0 ? nothing : repeat(rules.add('more', sequence(json.comma, context.of(rest))), fewest, most)
  let tail: Expression = further
  for (const [index, schema] of [...placed.entries()].toReversed()) {
    const item = sequence(index > 0 ? json.comma : nothing, context.of(schema), tail)
    tail = rules.add('more', index < min ? item : optional(item))
  }
  return rules.add('array', sequence(text('['), json.gap, tail, json.gap, text(']')))
}
