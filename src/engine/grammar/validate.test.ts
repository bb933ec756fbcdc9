import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/json.ts'
import { agentSchemas } from '../../../test/support/agent-schemas.ts'
import { validate } from './validate.ts'

describe('agents’ schemas', () => {
  test.each(agentSchemas)('$name', ({ schema, valid }) => {
    expect(valid.map(value => validate(value, schema).type)).toEqual(valid.map(() => 'valid'))
  })

  test('refuse what does not match', () => {
    const refused = agentSchemas.flatMap(({ schema, invalid }) => invalid.map(value => validate(value, schema).type))
    expect(refused.filter(type => type === 'valid')).toEqual([])
  })
})

describe('keywords that a grammar cannot express are checked', () => {
  test.each<[name: string, schema: Json, cases: { valid: Json; invalid: Json }]>([
    [
      'uniqueItems',
      { uniqueItems: true },
      {
        valid: [1, '1', { a: 1, b: 2 }],
        invalid: [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      },
    ],
    ['multipleOf', { multipleOf: 0.1 }, { valid: 0.3, invalid: 0.35 }],
    ['not', { not: { type: 'string' } }, { valid: 1, invalid: 'x' }],
    ['oneOf', { oneOf: [{ type: 'integer' }, { minimum: 5 }] }, { valid: 3, invalid: 7 }],
    [
      'if, then',
      JSON.parse('{"if": {"required": ["a"]}, "then": {"required": ["b"]}}'),
      { valid: { a: 1, b: 1 }, invalid: { a: 1 } },
    ],
    ['else', { if: { type: 'string' }, else: { type: 'null' } }, { valid: null, invalid: 1 }],
    ['contains', { contains: { const: 1 }, maxContains: 2 }, { valid: [1, 1, 2], invalid: [1, 1, 1] }],
    ['dependentSchemas', { dependentSchemas: { a: { required: ['b'] } } }, { valid: { c: 1 }, invalid: { a: 1 } }],
    ['propertyNames', { propertyNames: { pattern: '^a' } }, { valid: { ab: 1 }, invalid: { b: 1 } }],
    [
      'patternProperties',
      { patternProperties: { '^n': { type: 'number' } }, additionalProperties: false },
      { valid: { n: 1 }, invalid: { m: 1 } },
    ],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }, { valid: { b: 1 }, invalid: { a: 1 } }],
    ['minProperties', { minProperties: 2 }, { valid: { a: 1, b: 2 }, invalid: { a: 1 } }],
    ['lengths of characters, not of code units', { maxLength: 1 }, { valid: '😀', invalid: 'ab' }],
    ['a number that is whole', { type: 'integer' }, { valid: 2, invalid: 2.5 }],
    [
      'constants whose keys are in another order',
      { const: { a: 1, b: [2] } },
      { valid: { b: [2], a: 1 }, invalid: { a: 1, b: [3] } },
    ],
    [
      'names that every object inherits',
      { required: ['constructor'] },
      { valid: JSON.parse('{"constructor": 1}'), invalid: {} },
    ],
  ])('%s', (_, schema, { valid, invalid }) => {
    expect(validate(valid, schema)).toEqual({ type: 'valid' })
    expect(validate(invalid, schema).type).toBe('invalid')
  })
})

test('a problem names the place and what must be there', () => {
  const schema = {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer', maximum: 3 } } } },
    },
    required: ['list', 'name'],
  }
  expect(validate({ list: [{ n: 2 }, { n: 4 }] }, schema)).toEqual({
    type: 'invalid',
    problems: [
      { path: '', why: 'must have "name"' },
      { path: 'list.1.n', why: 'must be at most 3' },
    ],
  })
})

test('a schema that would take for ever is left undecided', () => {
  const defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, level) => [
      `d${level}`,
      { anyOf: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] },
    ]),
  )
  const schema = { $ref: '#/$defs/d0', $defs: { ...defs, d40: { type: 'null' } } }
  expect(validate('x', schema).type).toBe('undecided')
})

test('long lists in a schema count for each value that is checked against them', () => {
  const listed = Array.from({ length: 20_000 }, (_, index) => `v${index}`)
  const values = Array.from({ length: 2000 }, () => 'v19999')
  expect(validate(values.slice(0, 10), { items: { enum: listed } }).type).toBe('valid')
  expect(validate(values, { items: { enum: listed } }).type).toBe('undecided')
  expect(validate(values, { items: { type: [...listed, 'string'] } }).type).toBe('undecided')
})

test('a pattern that makes backtracking engines hang is decided', () => {
  expect(validate(`${'a'.repeat(5000)}!`, { pattern: '^(a+)+$' }).type).toBe('invalid')
})

test('a deep value is left undecided rather than overflowing the stack', () => {
  const deep: Json = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
  expect(validate(deep, { items: { $ref: '#' } }).type).toBe('undecided')
})

test('a schema that only refers to itself is matched by its other alternatives', () => {
  const schema = { anyOf: [{ $ref: '#' }, { type: 'null' }] }
  expect([validate(null, schema).type, validate(1, schema).type]).toEqual(['valid', 'invalid'])
})
