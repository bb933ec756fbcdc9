import { expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { toTypedJson } from './tool-schema.ts'

const text = { type: 'string' }

/** Reads words that were written for the property `a`. */
function read(words: string, property: JsonObject, more: JsonObject = {}): unknown {
  const tools = new Map([['look', { type: 'object', properties: { a: property }, ...more }]])
  return JSON.parse(toTypedJson(words, { name: 'look', key: 'a', tools }))
}

test.each<[words: string, property: JsonObject, value: unknown]>([
  ['5', text, '5'],
  ['5', { type: 'integer' }, 5],
  ['null', { ...text, nullable: true }, null],
  ['null', text, 'null'],
  ['5', { const: '5' }, '5'],
  ['5', { enum: ['5', '6'] }, '5'],
  ['5', { $ref: '#/$defs/text' }, '5'],
  ['5', { allOf: [{ title: 'A' }, { $ref: '#/$defs/text' }] }, '5'],
  ['5', { anyOf: [{ $ref: '#/$defs/text' }, { $ref: '#/$defs/text' }] }, '5'],
  ['5', { anyOf: [text, { type: 'integer' }] }, 5],
  ['[1]', { $ref: '#/$defs/list' }, [1]],
  ['[1]', { $ref: 'https://example.com/schema.json' }, [1]],
  ['5', {}, 5],
])('%s is read as a property of %j says', (words, property, value) => {
  const list = { anyOf: [{ type: 'array' }, { $ref: '#/$defs/list' }] }
  expect(read(words, property, { $defs: { text, list } })).toEqual(value)
})

test('what is not declared is of the type of further properties', () => {
  const tools = new Map([['look', { type: 'object', additionalProperties: text }]])
  expect(toTypedJson('5', { name: 'look', key: 'constructor', tools })).toBe('"5"')
})
