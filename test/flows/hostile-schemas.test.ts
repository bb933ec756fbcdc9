import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { serveEngine } from '../chaos/serve-engine.ts'
import { temporaryFolder } from '../support/engine.ts'
import { post } from '../support/http-client.ts'
import { judgeAnswer } from '../support/schema-answers.ts'
import { toAnthropic, toOpenAI } from '../support/schema-questions.ts'
import type { SchemaQuestion } from '../support/schema-questions.ts'
import { writeTinyModel } from '../support/tiny-model.ts'

const range = <T>(length: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length }, (_, index) => make(index))
const named = (length: number, make: (index: number) => Json): JsonObject =>
  Object.fromEntries(range(length, index => [`n${index}`, make(index)]))

/** An object whose one property is of the schema. */
function within(x: Json, $defs: JsonObject = {}): JsonObject {
  return { type: 'object', properties: { x }, required: ['x'], additionalProperties: false, $defs }
}

const nested = (depth: number): JsonObject =>
  range(depth, index => index).reduce<JsonObject>(inner => within(inner), { type: 'boolean' })

/* Small enough for a prompt, so that they can be those of tools. */
const small: Readonly<Record<string, JsonObject>> = {
  'references in a circle': within(
    { $ref: '#/$defs/a' },
    { a: { $ref: '#/$defs/b' }, b: { allOf: [{ $ref: '#/$defs/a' }] } },
  ),
  'references that lead nowhere': within({ anyOf: [{ $ref: '#/none' }, { $ref: 'http://127.0.0.1:1/' }, { $ref: 5 }] }),
  'an object within itself': within({ $ref: '#' }),
  'closed without properties': { type: 'object', additionalProperties: false },
  'required and undeclared': { type: 'object', properties: { a: { type: 'null' } }, required: ['a', 'b'] },
  'required and forbidden': { type: 'object', required: ['a'], additionalProperties: false },
  'no type, odd types': within({ allOf: [{ type: [] }, { type: 5 }, { type: 'date' }, { type: null }] }),
  'schemas that are booleans': { type: 'object', properties: { a: true, b: false }, required: ['a'] },
  'bounds that contradict each other': within({ type: 'integer', minimum: 10, maximum: 5 }),
  'numbers beyond numbers': within({ type: 'number', minimum: 1e308, maximum: 1.7e308, multipleOf: 5e-324 }),
  'names in all scripts': {
    type: 'object',
    properties: { ключ: { type: 'null' }, '🔑\u0000"\\': {} },
    required: ['ключ'],
  },
  'names of objects': { type: 'object', required: ['constructor', 'toString'], additionalProperties: { type: 'null' } },
  'names that are empty': { type: 'object', properties: { '': { type: 'null' }, ' ': {} }, required: ['', ' '] },
  'formats that nobody knows': within({ type: 'string', format: 'constructor' }),
  'patterns without end': within({ type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$', maxLength: 9 }),
  'patterns that are none': within({ anyOf: [{ pattern: '(' }, { pattern: String.raw`(?<=a)\1` }, { pattern: 5 }] }),
  'patterns too large': within({ type: 'string', pattern: '^((a{1000}){1000}){1000}$', maxLength: 40 }),
  'names by patterns': {
    type: 'object',
    patternProperties: { '^(a|b)+$': { type: 'null' }, '[': {} },
    minProperties: 1,
  },
  'lengths beyond strings': within({ type: 'string', minLength: 1e15 }),
  'lists beyond memory': within({ type: 'array', items: { type: 'null' }, minItems: 1e9 }),
  'keywords of wrong kinds': {
    type: 'object',
    properties: [1],
    required: 'a',
    items: 7,
    enum: 'x',
    anyOf: {},
  },
  'unions times unions': within({ allOf: range(9, at => ({ anyOf: [{ minLength: at }, { maxLength: 50 + at }] })) }),
  deep: nested(16),
}

const large: Readonly<Record<string, JsonObject>> = {
  'ten thousand definitions': within(
    { $ref: '#/$defs/n9999' },
    named(10_000, () => ({ type: 'boolean' })),
  ),
  'a chain of references': within(
    { $ref: '#/$defs/n0' },
    named(5000, at => (at < 4999 ? { $ref: `#/$defs/n${at + 1}` } : { type: 'null' })),
  ),
  'fifty thousand listed texts': within({ enum: range(50_000, at => `value ${at}`) }),
  'a constant of two megabytes': within({ const: 'x'.repeat(2_000_000) }),
  'twenty thousand properties': { type: 'object', properties: named(20_000, () => ({ type: 'string' })) },
  'five thousand required names': { type: 'object', required: range(5000, at => `r${at}`) },
  'too deep for any request': nested(400),
}

const question = { text: 'Go on.', mayCallSeveral: false, mostTokens: 80 } as const

function questionsOf(schema: JsonObject): readonly SchemaQuestion[] {
  const tools = [{ name: 'tool_0', schema }]
  return [
    { ...question, protocol: 'anthropic', tools: [], choice: 'auto', format: schema },
    { ...question, protocol: 'anthropic', tools, choice: 'auto' },
    { ...question, protocol: 'openai', tools: [], choice: 'auto', format: schema },
    { ...question, protocol: 'openai', tools, choice: 'named' },
  ]
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let file: string

beforeAll(async () => {
  folder = await temporaryFolder()
  file = join(folder.path, 'brief.gguf')
  await writeTinyModel(file, { contextLength: 16_384, isBrief: true })
})

afterAll(() => folder.remove())

test('a hostile schema of a tool or an answer is kept, told as a loss or refused', async () => {
  const { port } = await serveEngine(file)
  for (const [name, schema] of Object.entries(small)) {
    const verdicts = await Promise.all(questionsOf(schema).map(each => judgeAnswer(port, 'm', each)))
    expect({ name, faults: verdicts.flatMap(({ faults }) => faults) }).toEqual({ name, faults: [] })
  }
})

test('a schema of megabytes is answered or refused in the words of the protocol, and others are answered meanwhile', async () => {
  const { port, whole } = await serveEngine(file, { policy: { queueTimeoutMs: 60_000 } })
  for (const [name, schema] of Object.entries(large)) {
    const questions = questionsOf(schema)
    const bodies = questions.map(each => (each.protocol === 'anthropic' ? toAnthropic(each) : toOpenAI(each)))
    const asked = bodies.map(async (body, index) => {
      const path = questions[index]?.protocol === 'anthropic' ? '/v1/messages' : '/v1/chat/completions'
      return post(port, path, { model: 'm', max_tokens: 24, ...body })
    })
    const text = { format: { type: 'json_schema', name: 'shape', schema } }
    asked.push(post(port, '/v1/responses', { model: 'm', input: 'Go on.', max_output_tokens: 24, store: false, text }))
    expect((await whole('anthropic', 'Hello.', 4)).status).toBe(200)
    for (const { status, json } of await Promise.all(asked)) {
      const told = status === 200 ? 'answered' : [status, json.error?.type]
      expect([name, told]).toEqual([name, status === 200 ? 'answered' : [400, 'invalid_request_error']])
    }
  }
})
