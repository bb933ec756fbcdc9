import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { JsonObject } from '../../core/json.ts'
import { agentSchemas } from '../../../test/support/agent-schemas.ts'
import { arbitrarySchema } from '../../../test/support/arbitrary-schema.ts'
import { startGrammarEngine } from '../../../test/support/grammar-engine.ts'
import type { GrammarEngine } from '../../../test/support/grammar-engine.ts'
import { optional, repeat, sequence } from './expression.ts'
import { createGrammarBuilder } from './grammar-builder.ts'
import { schemaToGrammar } from './schema-to-grammar.ts'
import { validate } from './validate.ts'

let engine: GrammarEngine

beforeAll(async () => {
  engine = await startGrammarEngine()
})

afterAll(async () => {
  await engine.stop()
})

function grammarOf(schema: JsonObject, layout: 'one-line' | 'indented' = 'one-line'): string {
  const made = schemaToGrammar(schema, { layout })
  if (made.type !== 'grammar') throw new Error(made.why)
  return made.grammar
}

describe('the native matcher under the grammars of agents’ schemas', () => {
  test.each(agentSchemas)('takes what matches and refuses what does not: $name', async ({ schema, valid, invalid }) => {
    const matched = await engine.match(
      grammarOf(schema),
      [...valid, ...invalid].map(value => JSON.stringify(value)),
    )
    expect(matched).toEqual([...valid.map(() => true), ...invalid.map(() => false)])
  })

  test('takes spaces after colons and commas, and line breaks only in the indented layout', async () => {
    const schema = { type: 'object', properties: { a: { type: 'array', items: { type: 'null' } }, b: {} } }
    const spaced = ['{"a": [null, null], "b": 1}', '{ "a": [ null ] }', '{}', '{ }']
    const lines = JSON.stringify({ a: [null, null], b: { c: 1 } }, null, 2)
    const runaway = ['{"a":  []}', `{${' '.repeat(30)}"b":1}`, '{\n\n"b":1}', '{"b":1} ', ' {"b":1}']
    const texts = [...spaced, lines, ...runaway]
    const never = runaway.map(() => false)
    expect(await engine.match(grammarOf(schema), texts)).toEqual([true, true, true, true, false, ...never])
    expect(await engine.match(grammarOf(schema, 'indented'), texts)).toEqual([true, true, true, true, true, ...never])
  })

  test('takes a name in one spelling only, so that no name is written twice', async () => {
    const schema = { type: 'object', properties: { a: { type: 'null' } }, additionalProperties: true }
    const spelt = [String.raw`{"\u0061":1}`, '{"a":1}', '{"b":1,"a":null}']
    expect(await engine.match(grammarOf(schema), spelt)).toEqual([false, false, false])
  })

  test('takes escapes of whole characters and refuses halves', async () => {
    const texts = [
      String.raw`"\u00e9"`,
      String.raw`"\ud83d\ude00"`,
      String.raw`"\ud83d"`,
      String.raw`"\ude00"`,
      '"\n"',
      '"\t"',
    ]
    expect(await engine.match(grammarOf({ type: 'string' }), texts)).toEqual([true, true, false, false, false, false])
  })
})

describe('a model under a grammar', () => {
  test.each(agentSchemas)('writes only what validates: $name', async ({ schema }) => {
    const grammar = grammarOf(schema)
    const replies = [1, 2].map(seed => engine.ask({ type: 'write', grammar, seed, mostTokens: 120 }))
    const verdicts = (await Promise.all(replies)).map(reply => {
      if (reply.type !== 'written') return reply.type
      return reply.isWhole ? validate(JSON.parse(reply.text), schema).type : 'unfinished'
    })
    expect(verdicts.filter(verdict => verdict !== 'valid' && verdict !== 'unfinished')).toEqual([])
  })

  test('ends by itself where the schema is small', async () => {
    const grammar = grammarOf({ type: 'array', items: { enum: ['a', 'b'] }, minItems: 1, maxItems: 2 })
    const replies = await Promise.all(
      [1, 2, 3].map(seed => engine.ask({ type: 'write', grammar, seed, mostTokens: 60 })),
    )
    expect(replies.every(reply => reply.type === 'written' && reply.isWhole)).toBe(true)
  })
})

test('grammars of random schemas compile, and what a model writes under them validates', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrarySchema, fc.nat(), async (schema, seed) => {
      const made = schemaToGrammar(schema)
      if (made.type !== 'grammar') return
      const reply = await engine.ask({ type: 'write', grammar: made.grammar, seed, mostTokens: 60 })
      expect(reply.type).toBe('written')
      if (reply.type !== 'written' || !reply.isWhole) return
      if (made.unenforced.length > 0 || made.loosened.length > 0) return
      expect(validate(JSON.parse(reply.text), schema)).toEqual({ type: 'valid' })
    }),
    { numRuns: 150 },
  )
})

test('pieces make a grammar of calls: thinking first, then one or several tools by name', async () => {
  const builder = createGrammarBuilder()
  const tool = (name: string, schema: JsonObject) => {
    const added = builder.addSchema(schema)
    if (added.type !== 'rule') throw new Error(added.why)
    return sequence(
      builder.addLiteral(`<call>{"name": "${name}", "arguments": `),
      added.rule,
      builder.addLiteral('}</call>'),
    )
  }
  const thinking = optional(sequence(builder.addLiteral('<think>'), builder.addUntil('</think>\n')))
  const read = tool('read "it"\\', { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] })
  const built = builder.build(sequence(thinking, repeat(read, 1, 2)))
  if (built.type !== 'grammar') throw new Error(built.why)
  const call = String.raw`<call>{"name": "read "it"\", "arguments": {"path": "x"}}</call>`
  const texts = [
    call,
    call + call,
    `<think>a </think> <\n</think>\n${call}`,
    call.repeat(3),
    'hello',
    `<think></think>${call}`,
  ]
  expect(await engine.match(built.grammar, texts)).toEqual([true, true, true, false, false, false])
})
