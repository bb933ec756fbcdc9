import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../core/json.ts'
import { conform } from './conform.ts'
import { repairValue } from './repair-value.ts'
import { validate } from './validate.ts'

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })

describe('a value is mended where that invents nothing:', () => {
  test.each<[name: string, schema: JsonObject, value: Json, mended: Json]>([
    ['a number in quotation marks', object({ a: { type: 'integer' } }), { a: '5' }, { a: 5 }],
    ['a boolean in quotation marks', object({ a: { type: 'boolean' } }), { a: 'true' }, { a: true }],
    ['a structure in quotation marks', object({ a: { type: 'array' } }), { a: '[1]' }, { a: [1] }],
    ['a number where a text belongs', object({ a: { type: 'string' } }), { a: 5 }, { a: '5' }],
    ['a listed value in another spelling', object({ a: { enum: [1, 2] } }), { a: '2' }, { a: 2 }],
    [
      'one item in the place of a list',
      object({ a: { type: 'array', items: { type: 'string' } } }),
      { a: 1 },
      { a: ['1'] },
    ],
    ['a property too many', object({ a: {} }, { additionalProperties: false }), { a: 1, b: 2 }, { a: 1 }],
    ['null for what may be absent', object({ a: {}, b: { type: 'string' } }), { a: 1, b: null }, { a: 1 }],
    [
      'an item that is there already',
      { type: 'array', items: object({ a: { type: 'integer' } }), uniqueItems: true },
      [{ a: 1, b: 2 }, { b: 2, a: '1' }, { a: 1 }],
      [{ a: 1, b: 2 }, { a: 1 }],
    ],
    [
      'parts of a list behind a reference',
      { $defs: { n: { type: 'number' } }, type: 'array', items: { $ref: '#/$defs/n' } },
      ['1', 2],
      [1, 2],
    ],
    ['the first alternative that fits', { anyOf: [{ type: 'boolean' }, { type: 'integer' }] }, '7', 7],
    [
      'what several schemas demand',
      { allOf: [object({ a: { type: 'integer' } }), object({ b: { type: 'string' } })] },
      { a: '1', b: 2 },
      { a: 1, b: '2' },
    ],
  ])('%s', (...[, schema, value, mended]) => {
    expect(repairValue(value, schema)).toEqual(mended)
  })
})

describe('a value stays as it is where mending would be a guess:', () => {
  test.each<[name: string, schema: JsonObject, value: Json]>([
    ['a property that is missing', object({ a: {} }, { required: ['a'] }), { b: 1 }],
    ['an object of which nothing would be left', object({}, { additionalProperties: false }), { a: 1 }],
    ['a word where a number belongs', object({ a: { type: 'integer' } }), { a: 'five' }],
    ['a fraction where a whole number belongs', object({ a: { type: 'integer' } }), { a: '5.5' }],
    ['one item twice where two must be', { type: 'array', minItems: 2, uniqueItems: true }, [1, 1]],
    ['a required null', object({ a: { type: 'string' } }, { required: ['a'] }), { a: null }],
    ['a schema that refers to itself', { $ref: '#' }, { a: 1 }],
  ])('%s', (_, schema, value) => {
    expect(repairValue(value, schema)).toBeUndefined()
  })

  test('names that objects have by nature are names like any other', () => {
    const value: Json = JSON.parse('{"__proto__": "1", "a": "1"}')
    const schema = { type: 'object', additionalProperties: { type: 'integer' } }
    expect(JSON.stringify(repairValue(value, schema))).toBe('{"__proto__":1,"a":1}')
  })

  test('a schema of endless alternatives ends', () => {
    const options = Array.from({ length: 40 }, () => ({ $ref: '#' }))
    expect(repairValue({ a: [[['x']]] }, { anyOf: options, type: 'string' })).toBeUndefined()
  })
})

test('whatever comes out of any value and any schema matches, or the value is as it was', () => {
  const schema = fc.letrec<{ schema: JsonObject }>(tie => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'array', 'object').map(type => ({ type })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map(anyOf => ({ anyOf })),
      tie('schema').map(items => ({ type: 'array', items })),
      fc
        .dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('schema'))
        .map(properties => ({ type: 'object', properties, additionalProperties: false })),
    ),
  })).schema
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), schema, (value, demanded) => {
      const json = JSON.stringify(value)
      const { json: told, fault } = conform(json, demanded)
      const isValid = validate(JSON.parse(told), demanded).type === 'valid'
      expect(isValid).toBe(fault === undefined)
      if (fault !== undefined) expect(told).toBe(json)
    }),
    { numRuns: 500 },
  )
})

test('brackets without end are no JSON', () => {
  const deep = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
  expect(conform(deep, { type: 'object' })).toEqual({ json: deep, fault: 'could not be read as JSON' })
})

test('what is no JSON is closed where that is all it lacks, and the first fault is told otherwise', () => {
  const schema = object({ a: { type: 'integer' } }, { required: ['a'] })
  expect(conform('{"a": 1', schema)).toEqual({ json: '{"a":1}' })
  expect(conform('{ "a":1 }', schema)).toEqual({ json: '{ "a":1 }' })
  expect(conform('{"a":"x"}', schema)).toEqual({
    json: '{"a":"x"}',
    fault: "did not match the schema: 'a' must be of type integer",
  })
  const counts = { type: 'object', additionalProperties: { type: 'integer' } }
  expect(conform('{"Ada":"x"}', counts).fault).toBe('did not match the schema: something in it must be of type integer')
  expect(conform('{}', schema)).toEqual({ json: '{}', fault: 'did not match the schema: it must have "a"' })
  expect(conform('look', schema)).toEqual({ json: 'look', fault: 'could not be read as JSON' })
})

test('what cannot be followed is taken to match, and said not to be checked', () => {
  const schema = object({ a: { type: 'string', pattern: '^(?=.*1)' }, b: { type: 'integer' } })
  const fault = 'could not be wholly checked: one of its patterns is not regular, or costs too much'
  expect(conform('{"a":"x"}', schema)).toEqual({ json: '{"a":"x"}', fault })
  expect(conform('{"a":"x","b":"1"}', schema)).toEqual({ json: '{"a":"x","b":1}', fault })
  expect(conform('{"b":1}', schema)).toEqual({ json: '{"b":1}' })
})
