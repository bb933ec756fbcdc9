import { count, flag, object, path, text } from './schema-case.ts'
import type { SchemaCase } from './schema-case.ts'

const generated: readonly SchemaCase[] = [
  {
    name: 'a zod schema with a safe integer',
    schema: object({ id: { type: 'integer', minimum: -9_007_199_254_740_991, maximum: 9_007_199_254_740_991 } }, [
      'id',
    ]),
    valid: [{ id: 0 }, { id: 9_007_199_254_740_991 }, { id: -9_007_199_254_740_991 }, { id: 123_456 }],
    invalid: [{ id: 1.5 }, { id: '1' }, { id: 9_007_199_254_740_992 }],
  },
  {
    name: 'a zod schema with shared definitions',
    schema: {
      $defs: { point: object({ x: { type: 'number' }, y: { type: 'number' } }, ['x', 'y']) },
      ...object({ from: { $ref: '#/$defs/point' }, to: { $ref: '#/$defs/point' } }, ['from', 'to']),
    },
    valid: [{ from: { x: 1, y: -0.5 }, to: { x: 1e-7, y: 2e30 } }],
    invalid: [{ from: { x: 1 }, to: { x: 1, y: 2 } }],
  },
  {
    name: 'a recursive tree',
    schema: {
      $ref: '#/definitions/node',
      definitions: {
        node: object({ name: text, children: { type: 'array', items: { $ref: '#/definitions/node' } } }, [
          'name',
          'children',
        ]),
      },
    },
    valid: [
      {
        name: 'a',
        children: [
          { name: 'b', children: [] },
          { name: 'c', children: [{ name: 'd', children: [] }] },
        ],
      },
    ],
    invalid: [{ name: 'a', children: [{ name: 'b' }] }],
  },
  {
    name: 'a recursive expression',
    schema: {
      $ref: '#/$defs/e',
      $defs: {
        e: {
          anyOf: [
            object({ op: { const: 'add' }, left: { $ref: '#/$defs/e' }, right: { $ref: '#/$defs/e' } }, [
              'op',
              'left',
              'right',
            ]),
            object({ op: { const: 'number' }, value: { type: 'number' } }, ['op', 'value']),
          ],
        },
      },
    },
    valid: [
      {
        op: 'add',
        left: { op: 'number', value: 1 },
        right: { op: 'add', left: { op: 'number', value: 2 }, right: { op: 'number', value: 3 } },
      },
    ],
    invalid: [{ op: 'add', left: { op: 'number', value: 1 } }, { op: 'number' }],
  },
  {
    name: 'a discriminated union with descriptions',
    schema: object(
      {
        action: {
          description: 'What to do',
          anyOf: [
            { description: 'Click', ...object({ type: { const: 'click' }, x: count, y: count }, ['type', 'x', 'y']) },
            { description: 'Type', ...object({ type: { const: 'type' }, text }, ['type', 'text']) },
            {
              description: 'Wait',
              ...object({ type: { const: 'wait' }, ms: { type: 'integer', maximum: 5000 } }, ['type']),
            },
          ],
        },
      },
      ['action'],
    ),
    valid: [
      { action: { type: 'click', x: 1, y: 20 } },
      { action: { type: 'wait' } },
      { action: { type: 'wait', ms: -7 } },
    ],
    invalid: [{ action: { type: 'click', text: 'a' } }, { action: { type: 'wait', ms: 5001 } }],
  },
  {
    name: 'an intersection',
    schema: {
      allOf: [
        { type: 'object', properties: { id: { type: 'string', format: 'uuid' } }, required: ['id'] },
        { type: 'object', properties: { at: { type: 'string', format: 'date-time' } }, required: ['at'] },
      ],
    },
    valid: [{ id: '123e4567-e89b-12d3-a456-426614174000', at: '2026-01-31T23:59:59Z' }],
    invalid: [
      { id: '123e4567', at: '2026-01-31T23:59:59Z' },
      { id: '123e4567-e89b-12d3-a456-426614174000', at: '2026-13-31T23:59:59Z' },
      { id: '123e4567-e89b-12d3-a456-426614174000' },
    ],
  },
  {
    name: 'a base with alternatives of required names',
    schema: {
      type: 'object',
      properties: { path, url: text },
      anyOf: [{ required: ['path'] }, { required: ['url'] }],
      additionalProperties: false,
    },
    valid: [{ path: '/a' }, { url: 'x' }, { path: '/a', url: 'x' }],
    invalid: [{}, { file: 'x' }],
  },
  {
    name: 'a nullable of the older kind',
    schema: object(
      { when: { type: 'string', format: 'date', nullable: true }, kind: { enum: ['a', null], nullable: true } },
      ['when'],
    ),
    valid: [{ when: null }, { when: '2024-02-29', kind: null }, { when: '1999-12-31', kind: 'a' }],
    invalid: [{ when: '2024-2-9' }, { when: '2024-02-29', kind: 'b' }],
  },
  {
    name: 'a tuple',
    schema: object(
      { box: { type: 'array', prefixItems: [count, count, { enum: ['px', '%'] }], items: false, minItems: 2 } },
      ['box'],
    ),
    valid: [{ box: [1, 2] }, { box: [1, 2, '%'] }],
    invalid: [{ box: [1] }, { box: [1, 2, 'px', 3] }, { box: [1, 2, 'em'] }],
  },
  {
    name: 'a tuple of an older draft',
    schema: { type: 'array', items: [text, { type: 'number' }], additionalItems: { type: 'boolean' }, minItems: 1 },
    valid: [['a'], ['a', 1.25], ['a', 1, true, false]],
    invalid: [[], [1], ['a', 1, 'b']],
  },
  {
    name: 'constants of every kind',
    schema: { enum: [1, -2.5, 'x', 'xy', true, null, { a: [1, { b: null }] }, []] },
    valid: [1, -2.5, 'x', 'xy', true, null, { a: [1, { b: null }] }, []],
    invalid: [2, 'xyz', false, { a: [1] }, [1], {}],
  },
  {
    name: 'listed values of which the type keeps some',
    schema: { type: 'string', enum: ['a', 1, null, 'b'] },
    valid: ['a', 'b'],
    invalid: [1, null, 'c'],
  },
  {
    name: 'open objects keep their declared names',
    schema: {
      type: 'object',
      properties: { a: { type: 'integer' }, ab: { type: 'boolean' } },
      additionalProperties: true,
    },
    valid: [{ a: 1 }, { ab: false, abc: 'x', b: [1] }, { aa: 1, '': 2 }],
    invalid: [{ a: 'x' }, { ab: 1 }, { z: 1, a: 'x' }],
  },
  {
    name: 'further properties of one kind',
    schema: {
      type: 'object',
      properties: { name: text },
      required: ['name'],
      additionalProperties: { type: 'integer' },
    },
    valid: [{ name: 'x' }, { name: 'x', b: 2, nam: 3 }],
    invalid: [{ name: 'x', b: 'y' }, { b: 1 }],
  },
  {
    name: 'a map with a number of entries',
    schema: { type: 'object', additionalProperties: count, minProperties: 1, maxProperties: 2 },
    valid: [{ a: 1 }, { a: 1, b: 2 }],
    invalid: [{}, { a: 1, b: 2, c: 3 }],
  },
  {
    name: 'names that JavaScript objects have',
    schema: JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"integer"}},"required":["constructor"]}',
    ),
    valid: [{ constructor: 1 }, JSON.parse('{"__proto__":"x","constructor":2}')],
    invalid: [{}, { constructor: 'x' }],
  },
  {
    name: 'names that need escaping',
    schema: object({ 'a"b\\c\n': text, 'naïve 😀': count, '': flag }, ['a"b\\c\n']),
    valid: [{ 'a"b\\c\n': '', 'naïve 😀': 1, '': true }],
    invalid: [{ 'naïve 😀': 1 }],
  },
]

const loose: readonly SchemaCase[] = [
  { name: 'nothing said', schema: {}, valid: [{}, 'x', [1, [2]], null, -1.5e-9], invalid: [] },
  { name: 'any object', schema: { type: 'object' }, valid: [{}, { a: { b: [1] } }], invalid: [[], 1] },
  { name: 'only a description', schema: { description: 'free' }, valid: [1, { a: 'b' }], invalid: [] },
  {
    name: 'an open schema of a remote tool',
    schema: {
      type: 'object',
      properties: { params: {}, options: { type: 'object', additionalProperties: true } },
      required: ['params'],
    },
    valid: [{ params: { a: 1 } }, { params: 'x', options: { deep: [{}] } }],
    invalid: [{ params: 1, options: 2 }, {}],
  },
  {
    name: 'properties without a type',
    schema: { properties: { a: { minimum: 1, maximum: 3 }, b: { items: text }, c: { pattern: 'x' } }, required: ['a'] },
    valid: [{ a: 1 }, { a: 3, b: ['x'], c: 'axb' }],
    invalid: [{ a: 4 }, { a: 2, b: [1] }, { a: 2, c: 'ab' }],
  },
  { name: 'a list of anything', schema: { type: 'array' }, valid: [[], [1, 'a', {}]], invalid: [{}, 'x'] },
  {
    name: 'one of the simple types',
    schema: { type: ['string', 'number', 'boolean', 'null'] },
    valid: ['a', 1.5, true, null],
    invalid: [{}, []],
  },
  {
    name: 'a required name that is not declared',
    schema: { type: 'object', properties: { a: text }, required: ['a', 'b'] },
    valid: [
      { a: 'x', b: 1 },
      { a: 'x', b: { c: [] } },
    ],
    invalid: [{ a: 'x' }, { b: 1 }],
  },
  {
    name: 'an extension and unknown words',
    schema: { type: 'object', 'x-order': 3, widget: 'box', properties: { a: { type: 'string', examples: ['q'] } } },
    valid: [{}, { a: 'x' }],
    invalid: [{ a: 1 }],
  },
  {
    name: 'a reference by pointer into a property',
    schema: object({ a: { type: 'integer', maximum: 5 }, b: { $ref: '#/properties/a' } }, ['b']),
    valid: [{ b: 5 }, { a: -3, b: 0 }],
    invalid: [{ b: 6 }],
  },
  {
    name: 'a union that refers to itself first',
    schema: { anyOf: [{ $ref: '#' }, { type: 'array', items: { $ref: '#' } }, { type: 'null' }] },
    valid: [null, [], [null, [null]]],
    invalid: [1, [1]],
  },
]

const numbers: readonly SchemaCase[] = [
  {
    name: 'a percentage',
    schema: { type: 'integer', minimum: 0, maximum: 100 },
    valid: [0, 7, 10, 99, 100],
    invalid: [-1, 101, 1000],
  },
  {
    name: 'a range across zero',
    schema: { type: 'integer', minimum: -25, maximum: 130 },
    valid: [-25, -9, 0, 99, 130],
    invalid: [-26, 131, -100],
  },
  {
    name: 'negative numbers only',
    schema: { type: 'integer', exclusiveMaximum: 0 },
    valid: [-1, -1000],
    invalid: [1, 5],
  },
  {
    name: 'a port',
    schema: { type: 'integer', minimum: 1024, maximum: 65_535 },
    valid: [1024, 9999, 10_000, 65_535],
    invalid: [1023, 65_536, 80],
  },
  {
    name: 'from a large number up',
    schema: { type: 'integer', minimum: 1995 },
    valid: [1995, 2000, 10_000],
    invalid: [1994, 999, -2000],
  },
  {
    name: 'a latitude',
    schema: { type: 'number', minimum: -90, maximum: 90 },
    valid: [-90, -0.5, 0, 89.999, 90],
    invalid: [-90.5, 91, 90.1],
  },
  {
    name: 'a positive number',
    schema: { type: 'number', exclusiveMinimum: 0 },
    valid: [0.001, 1, 25.5],
    invalid: [0, -1],
  },
  {
    name: 'a number below a bound of draft 4',
    schema: { type: 'number', maximum: 10, exclusiveMaximum: true },
    valid: [9.99, -100],
    invalid: [10, 10.5],
  },
  {
    name: 'a whole range of real numbers',
    schema: { type: 'number', minimum: 1, maximum: 5 },
    valid: [1, 1.5, 4.99, 5],
    invalid: [0.9, 5.1, 6],
  },
]

const texts: readonly SchemaCase[] = [
  {
    name: 'a version',
    schema: { type: 'string', pattern: String.raw`^v?\d+\.\d+(\.\d+)?$` },
    valid: ['1.2', 'v10.20.3'],
    invalid: ['1', 'v1.', '1.2.3.4'],
  },
  {
    name: 'a pattern without anchors',
    schema: { type: 'string', pattern: 'foo|ba[rz]' },
    valid: ['a foo', 'bar', 'xbazx'],
    invalid: ['fo', 'ba'],
  },
  {
    name: 'a path on Windows',
    schema: { type: 'string', pattern: String.raw`^[A-Z]:\\[^"<>|]*$` },
    valid: ['C:\\Users\\x', 'D:\\'],
    invalid: ['C:/x', 'C:\\a|b'],
  },
  {
    name: 'alternatives with their own anchors',
    schema: { type: 'string', pattern: '^a+$|^b{2,3}$' },
    valid: ['a', 'aaa', 'bb'],
    invalid: ['ab', 'bbbb', ''],
  },
  {
    name: 'a text in several scripts',
    schema: { type: 'string', pattern: '^[\\u00e0-\\u00ff\\u4e00-\\u9fff]+$' },
    valid: ['é', '漢字'],
    invalid: ['e', 'あ'],
  },
  {
    name: 'an e-mail address',
    schema: { type: 'string', format: 'email' },
    valid: ['a.b+c@d-e.example.com'],
    invalid: ['a@b', '@x.y', 'a b@c.d'],
  },
  {
    name: 'a time',
    schema: { type: 'string', format: 'time' },
    valid: ['00:00:00Z', '23:59:59.123+02:00'],
    invalid: ['24:00:00Z', '12:00'],
  },
  {
    name: 'lengths in characters',
    schema: { type: 'string', minLength: 2, maxLength: 4 },
    valid: ['ab', '😀😀', 'a"\\\n'],
    invalid: ['a', 'abcde'],
  },
  {
    name: 'a pattern of repeated groups',
    schema: { type: 'string', pattern: '^([a-z]+,)*[a-z]+$' },
    valid: ['a', 'ab,cd,e'],
    invalid: ['a,', ',a', 'a,,b'],
  },
]

/** Schemas of every shape that generators and people write. */
export const schemaShapes: readonly SchemaCase[] = [...generated, ...loose, ...numbers, ...texts]
