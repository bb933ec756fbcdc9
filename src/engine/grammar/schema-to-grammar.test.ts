import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../core/json.ts'
import { agentSchemas } from '../../../test/support/agent-schemas.ts'
import { never } from './expression.ts'
import { createGrammarBuilder } from './grammar-builder.ts'
import { schemaToGrammar } from './schema-to-grammar.ts'

function notesOf(schema: JsonObject): readonly string[] {
  const made = schemaToGrammar(schema)
  return made.type === 'grammar' ? made.unenforced.map(({ field, action }) => `${field} ${action}`) : [made.type]
}

function nest(depth: number, wrap: (inner: JsonObject) => JsonObject): JsonObject {
  let schema: JsonObject = { type: 'string' }
  for (let level = 0; level < depth; level += 1) schema = wrap(schema)
  return schema
}

describe('what a grammar does not enforce is named', () => {
  test.each<[JsonObject, readonly string[]]>([
    [{ type: 'array', uniqueItems: true }, ['uniqueItems degraded']],
    [{ type: 'number', multipleOf: 0.5 }, ['multipleOf degraded']],
    [{ type: 'number', minimum: 0.5 }, ['minimum degraded']],
    [{ type: 'string', pattern: '(?=a)b' }, ['pattern degraded']],
    [{ type: 'string', pattern: String.raw`(a)\1` }, ['pattern degraded']],
    [{ type: 'string', pattern: '^(.{0,100}a){20}$' }, ['pattern degraded']],
    [{ type: 'string', pattern: '^a+$', maxLength: 3 }, ['minLength degraded']],
    [{ type: 'string', format: 'hostname' }, ['format degraded']],
    [{ type: 'string', maxLength: 100_000 }, ['maxLength degraded']],
    [{ type: 'array', maxItems: 1e9 }, ['maxItems degraded']],
    [{ type: 'object', patternProperties: { '^x': {} } }, ['patternProperties degraded']],
    [{ oneOf: [{ type: 'string' }, { type: 'null' }] }, ['oneOf degraded']],
    [{ $ref: 'https://example.com/schema.json' }, ['$ref degraded']],
    [{ type: 'string', widget: 'area' }, ['widget dropped']],
    [{ type: 'string', title: 'T', description: 'D', default: 'x', examples: ['y'] }, []],
  ])('%j', (schema, notes) => {
    expect(notesOf(schema)).toEqual(notes)
  })
})

test('a union of many constants is a list of values', () => {
  const union = { anyOf: Array.from({ length: 200 }, (_, index) => ({ type: 'string', const: `v${index}` })) }
  const list = { enum: Array.from({ length: 200 }, (_, index) => `v${index}`) }
  expect(schemaToGrammar(union)).toEqual(schemaToGrammar(list))
})

describe('a schema that nothing can satisfy is said to be impossible', () => {
  test.each<[string, JsonObject]>([
    ['types that exclude each other', { allOf: [{ type: 'string' }, { type: 'number' }] }],
    ['not anything', { not: {} }],
    ['a minimum above the maximum', { type: 'integer', minimum: 3, maximum: 2 }],
    ['no listed value of the type', { type: 'string', enum: [1, 2] }],
    ['an endless object', { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }],
    ['only a reference to itself', { $ref: '#' }],
    ['a required name that may not be', { type: 'object', required: ['a'], additionalProperties: false }],
    ['a required property of no value', { type: 'object', properties: { a: { enum: [] } }, required: ['a'] }],
    ['no whole number between bounds', { type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 2 }],
  ])('%s', (_, schema) => {
    expect(schemaToGrammar(schema).type).toBe('impossible')
  })

  test('an optional property of no value is left out instead', () => {
    const made = schemaToGrammar({ type: 'object', properties: { a: { not: {} }, b: { type: 'null' } } })
    expect(made).toMatchObject({ type: 'grammar', grammar: expect.not.stringContaining('\\x22a') })
  })
})

describe('a schema that costs too much is said to, soon', () => {
  test.each<[string, JsonObject]>([
    [
      'alternatives that look alike, nested',
      nest(20, items => ({
        anyOf: [
          { type: 'array', items },
          { type: 'array', items, maxItems: 5 },
        ],
      })),
    ],
    [
      'too many alternatives',
      { anyOf: Array.from({ length: 5000 }, (_, index) => ({ type: 'object', required: [`k${index}`] })) },
    ],
    [
      'unions multiplied by unions',
      {
        allOf: Array.from({ length: 10 }, () => ({
          anyOf: [{ title: 'a', minLength: 1 }, { maxLength: 9 }, { type: 'null' }],
        })),
      },
    ],
    [
      'too many properties',
      { type: 'object', properties: Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`p${index}`, {}])) },
    ],
    ['too many listed values', { enum: Array.from({ length: 2001 }, (_, index) => index) }],
    ['too long listed values', { enum: ['x'.repeat(70_000)] }],
    [
      'repetitions',
      {
        type: 'object',
        properties: Object.fromEntries(
          Array.from({ length: 300 }, (_, index) => [`p${index}`, { type: 'string', maxLength: 500 + index }]),
        ),
      },
    ],
    [
      'recursion between alternatives that look alike',
      {
        anyOf: [
          { type: 'object', properties: { l: { $ref: '#' }, op: { const: 'a' } }, required: ['l', 'op'] },
          { type: 'object', properties: { l: { $ref: '#' }, op: { const: 'b' } }, required: ['l', 'op'] },
          { type: 'null' },
        ],
      },
    ],
  ])('%s', (_, schema) => {
    expect(schemaToGrammar(schema)).toEqual({ type: 'too-costly', why: expect.any(String) })
  })
})

describe('a part that costs too much is left at its type, and what is around it is kept', () => {
  const within = (costly: Json): JsonObject => ({
    type: 'object',
    properties: { costly, fine: { const: 'kept' } },
    required: ['costly', 'fine'],
  })
  const values = Array.from({ length: 2001 }, (_, index) => `v${index}`)
  const bounds = (keyword: string): Json => ({ anyOf: Array.from({ length: 12 }, (_, at) => ({ [keyword]: at })) })

  test.each<[string, Json, Json]>([
    ['listed texts', { enum: values }, { type: 'string' }],
    ['listed texts and numbers', { enum: [...values, 1] }, { type: ['string', 'number'] }],
    ['listed values of a type', { type: 'integer', enum: values.map((_, index) => index) }, { type: 'integer' }],
    ['multiplied unions', { type: 'string', allOf: [bounds('minLength'), bounds('maxLength')] }, { type: 'string' }],
    ['items with places', { type: 'array', prefixItems: values.map(() => ({})) }, { type: 'array' }],
    ['a union without a type', { anyOf: values.map(name => ({ required: [name] })) }, {}],
  ])('%s', (_, costly, loose) => {
    const [made, meant] = [schemaToGrammar(within(costly)), schemaToGrammar(within(loose))]
    if (made.type !== 'grammar' || meant.type !== 'grammar') throw new Error('there is no grammar')
    expect(made.grammar).toBe(meant.grammar)
    expect(made.loosened).toEqual([expect.any(String)])
    expect(meant.loosened).toEqual([])
  })

  test('however deep it nests', () => {
    expect(schemaToGrammar(nest(3000, items => ({ type: 'array', items })))).toMatchObject({
      type: 'grammar',
      loosened: ['it nests deeper than 48 schemas'],
    })
  })

  test('also where it is met again within itself', () => {
    const $defs = { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, id: { enum: values } } } }
    const made = schemaToGrammar({ $defs, ...within({ $ref: '#/$defs/node' }) })
    expect(made).toMatchObject({ type: 'grammar', loosened: ['it lists more than 2000 values'] })
  })
})

describe('schemas that share their parts are read once, however many paths lead there', () => {
  const twice = (level: number) => ({ $ref: `#/$defs/d${level + 1}` })
  const chain = (make: (level: number) => Json): JsonObject => ({
    $ref: '#/$defs/d0',
    $defs: { ...Object.fromEntries(Array.from({ length: 40 }, (_, level) => [`d${level}`, make(level)])), d40: {} },
  })

  test.each<[string, JsonObject]>([
    ['objects', chain(level => ({ type: 'object', properties: { a: twice(level), b: twice(level) } }))],
    ['unions', chain(level => ({ anyOf: [twice(level), twice(level)] }))],
    ['intersections', chain(level => ({ allOf: [twice(level), twice(level)] }))],
  ])('%s', (_, schema) => {
    const made = schemaToGrammar(schema)
    expect(made.type === 'grammar' ? made.grammar.length : made.why).toBeLessThan(20_000)
  })
})

test('any JSON object is taken as a schema without an error', () => {
  const keyword = fc.constantFrom(
    'type',
    'properties',
    'required',
    'items',
    'enum',
    'const',
    'anyOf',
    'oneOf',
    'allOf',
    'not',
    '$ref',
    '$defs',
    'pattern',
    'format',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'prefixItems',
    'additionalProperties',
    'minimum',
    'maximum',
    'exclusiveMinimum',
    'nullable',
    'minProperties',
    'patternProperties',
    '__proto__',
  )
  const { value } = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(
        'string',
        'object',
        'array',
        '#',
        '#/$defs/a',
        null,
        true,
        false,
        -1,
        1e300,
        2.5,
        '(',
        '[z-a]',
      ),
      fc.string(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(keyword, tie('value'), { maxKeys: 5 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(keyword, value, { maxKeys: 6 }), schema => {
      expect(['grammar', 'too-costly', 'impossible']).toContain(
        schemaToGrammar(JSON.parse(JSON.stringify(schema))).type,
      )
    }),
    { numRuns: 500 },
  )
})

test('the same schema gives the same grammar', () => {
  for (const { schema } of agentSchemas)
    expect(schemaToGrammar(schema)).toEqual(schemaToGrammar(structuredClone(schema)))
})

test('every agent’s schema has a grammar', () => {
  expect(agentSchemas.filter(({ schema }) => schemaToGrammar(schema).type !== 'grammar')).toEqual([])
})

test('one costly schema does not keep a builder from the others', () => {
  const builder = createGrammarBuilder()
  const costly = builder.addSchema({ enum: ['x'.repeat(70_000)] })
  const fine = builder.addSchema({ type: 'boolean' })
  expect(costly.type).toBe('too-costly')
  expect(fine.type === 'rule' && builder.build(fine.rule).type).toBe('grammar')
})

test('a root that matches nothing is impossible', () => {
  expect(createGrammarBuilder().build(never).type).toBe('impossible')
})
