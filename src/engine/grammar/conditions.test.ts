/* oxlint-disable unicorn/no-thenable -- a keyword of JSON Schema */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../core/json.ts'
import { startGrammarEngine } from '../../../test/support/grammar-engine.ts'
import type { GrammarEngine } from '../../../test/support/grammar-engine.ts'
import { schemaToGrammar } from './schema-to-grammar.ts'
import { validate } from './validate.ts'

let engine: GrammarEngine

beforeAll(async () => {
  engine = await startGrammarEngine()
})

afterAll(() => engine.stop())

const text = { type: 'string' }
const source: JsonObject = {
  type: 'object',
  properties: { kind: { enum: ['file', 'url', 'none'] }, path: text, url: text },
  additionalProperties: false,
}
const isFile = { properties: { kind: { const: 'file' } } }

const sources: readonly Json[] = [
  {},
  { kind: 'file' },
  { kind: 'file', path: 'a' },
  { kind: 'file', url: 'a' },
  { kind: 'url' },
  { kind: 'url', url: 'a' },
  { path: 'a' },
  { url: 'a' },
  { path: 'a', url: 'a' },
]

describe('a condition is kept while the value is written:', () => {
  test.each<[string, JsonObject]>([
    ['if and then', { ...source, if: isFile, then: { required: ['path'] } }],
    ['if, then and else', { ...source, if: isFile, then: { required: ['path'] }, else: { required: ['url'] } }],
    [
      'where its property must be there',
      { ...source, if: { ...isFile, required: ['kind'] }, then: { required: ['path'] } },
    ],
    ['that forbids', { ...source, if: isFile, then: { properties: { url: false } } }],
    [
      'of which no opposite is left',
      { ...source, if: { properties: { kind: { enum: ['file', 'url', 'none'] } } }, else: false },
    ],
    ['a property that needs another', { ...source, dependentRequired: { path: ['url'] } }],
    ['properties that need each other', { ...source, dependentRequired: { path: ['url'], url: ['path', 'kind'] } }],
  ])('%s', async (_, schema) => {
    const made = schemaToGrammar(schema)
    if (made.type !== 'grammar') throw new Error(made.why)
    expect(made.unenforced).toEqual([])
    const matched = await engine.match(
      made.grammar,
      sources.map(value => JSON.stringify(value)),
    )
    expect(matched).toEqual(sources.map(value => validate(value, schema).type === 'valid'))
  })
})

function nested(depth: number): JsonObject {
  const inner = depth > 1 ? nested(depth - 1) : {}
  return { ...source, if: isFile, else: inner }
}

describe('a condition is left to the validator:', () => {
  const values = Array.from({ length: 20 }, (_, index) => `v${index}`)
  test.each<[string, string, JsonObject]>([
    ['on text of any kind', 'if', { ...source, if: { properties: { path: { const: 'a' } } }, then: false }],
    ['on several properties', 'if', { ...source, if: { properties: { kind: true, path: true } }, then: false }],
    ['that asks for more', 'if', { ...source, if: { ...isFile, minProperties: 2 }, then: false }],
    ['within conditions without end', 'if', nested(60)],
    ['on what is not declared', 'dependentRequired', { ...source, dependentRequired: { other: ['path'] } }],
    [
      'one of many',
      'dependentRequired',
      {
        type: 'object',
        properties: Object.fromEntries(values.map(name => [name, text])),
        dependentRequired: Object.fromEntries(values.map(name => [name, ['v0']])),
      },
    ],
    [
      'beside many alternatives',
      'if',
      {
        ...source,
        anyOf: values.map(title => ({ required: ['kind'], title })),
        if: isFile,
        then: { required: ['path'] },
      },
    ],
  ])('%s', (_, keyword, schema) => {
    const made = schemaToGrammar(schema)
    expect(made.type === 'grammar' && made.unenforced.map(({ field }) => field)).toContain(keyword)
  })
})
