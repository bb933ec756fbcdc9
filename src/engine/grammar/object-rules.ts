import type { Json } from '../../core/json.ts'
import { choice, never, nothing, optional, repeat, sequence, text } from './expression.ts'
import type { Expression } from './expression.ts'
import { countAt, objectAt, own, requiredOf } from './json-schema.ts'
import { limits, TooCostly } from './limits.ts'
import { addOtherStrings } from './literal-rules.ts'
import type { SchemaContext } from './schema-context.ts'
import type { PlainSchema } from './schema-source.ts'

/** Objects of a schema: the declared properties in their order, each left out where it may be, then additional ones. */
export function addObject(schema: PlainSchema, context: SchemaContext): Expression {
  const properties = Object.entries(objectAt(schema, 'properties') ?? {})
  const required = requiredOf(schema)
  if (properties.length + required.size > limits.properties)
    throw new TooCostly(`an object has more than ${limits.properties} properties`)
  const additional = additionalOf(schema, context)
  if (properties.length === 0 && required.size === 0) return addMap(schema, additional, context)
  const undeclared = [...required].filter(name => !properties.some(([known]) => known === name))
  const all: readonly (readonly [string, Json])[] = [
    ...properties,
    ...undeclared.map(name => [name, additional ?? own(schema, 'additionalProperties') !== false] as const),
  ]
  noteCounts(schema, { required: required.size, all: all.length, isOpen: additional !== undefined }, context)
  const members = addMembers({ all, required, additional }, context)
  const { gap } = context.json
  const inside = sequence(members, gap)
  return context.rules.add(
    'object',
    sequence(text('{'), gap, required.size === 0 ? optional(inside) : inside, text('}')),
  )
}

/*
 * The schema of further properties, or nothing where there may be none.
 * A schema that declares properties and is silent about others is taken at its word: models shall not invent any.
 */
function additionalOf(schema: PlainSchema, { source }: SchemaContext): Json | undefined {
  const additional = own(schema, 'additionalProperties')
  if (objectAt(schema, 'patternProperties')) {
    source.note('patternProperties', 'the names and values of such properties are not enforced')
    return true
  }
  if (additional === undefined) return objectAt(schema, 'properties') ? undefined : true
  return additional === false ? undefined : additional
}

function addMap(schema: PlainSchema, additional: Json | undefined, context: SchemaContext): Expression {
  const min = countAt(schema, 'minProperties') ?? 0
  const max = additional === undefined ? 0 : countAt(schema, 'maxProperties')
  const count = {
    min: context.capped('minProperties', min) ?? limits.unrolledItems,
    max: context.capped('maxProperties', max),
  }
  return context.json.map(context.of(additional), count)
}

interface Counts {
  readonly required: number
  readonly all: number
  readonly isOpen: boolean
}

function noteCounts(schema: PlainSchema, { required, all, isOpen }: Counts, { source }: SchemaContext): void {
  const [min, max] = [countAt(schema, 'minProperties') ?? 0, countAt(schema, 'maxProperties')]
  const why = 'the number of properties is checked after the answer, not enforced while it is written'
  if (min > required) source.note('minProperties', why)
  if (max !== undefined && (isOpen || max < all)) source.note('maxProperties', why)
}

interface Members {
  readonly all: readonly (readonly [string, Json])[]
  readonly required: ReadonlySet<string>
  readonly additional: Json | undefined
}

/* Two rules for each place in the order: what may come there, and what may follow once something has been written. */
function addMembers({ all, required, additional }: Members, context: SchemaContext): Expression {
  const { rules, json } = context
  let isDone = true
  let [here, tail]: [Expression, Expression] = [never, nothing]
  if (additional !== undefined) {
    const extra = addAdditional({ all, additional }, context)
    tail = repeat(rules.add('more', sequence(json.comma, extra)), 0)
    here = rules.add('members', sequence(extra, tail))
  }
  for (const [name, schema] of all.toReversed()) {
    const member = sequence(json.pair(text(JSON.stringify(name)), context.of(schema)), tail)
    const isRequired = required.has(name)
    here = rules.add('member', isRequired ? member : choice(member, here))
    isDone &&= !isRequired
    const following = sequence(json.comma, here)
    tail = rules.add('more', isDone ? optional(following) : following)
  }
  return here
}

function addAdditional(members: { all: Members['all']; additional: Json }, context: SchemaContext): Expression {
  const names = members.all.map(([name]) => name)
  const key = addOtherStrings(context.rules, names)
  return context.rules.add('extra', context.json.pair(key, context.of(members.additional)))
}
