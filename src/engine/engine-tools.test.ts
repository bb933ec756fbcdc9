import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askFor, openEngine, temporaryFolder } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { encodeGguf } from '../../test/support/gguf-writer.ts'
import { tinyModel, writeTinyModel } from '../../test/support/tiny-model.ts'
import { tinyVocabulary } from '../../test/support/tiny-vocabulary.ts'
import { writeFile } from 'node:fs/promises'
import type { Answer } from '../core/collect.ts'
import type { JsonObject } from '../core/json.ts'
import type { ModelRequest, Tool } from '../core/request.ts'
import { validate } from './grammar/validate.ts'

const look: Tool = {
  name: 'look',
  description: 'Looks at a place.',
  inputSchema: {
    type: 'object',
    properties: { place: { enum: ['north', 'south'] }, far: { type: 'boolean' } },
    required: ['place', 'far'],
    additionalProperties: false,
  },
}
const wait: Tool = {
  name: 'wait',
  inputSchema: {
    type: 'object',
    properties: { unit: { enum: ['s', 'min'] } },
    required: ['unit'],
    additionalProperties: false,
  },
}
const tools = [look, wait]

/* Templates of the forms that families have, no longer than they must be. */
const turns = `{%- for message in messages -%}<|im_start|>{{ message.role }}
{{ message.content }}{%- for call in message.tool_calls or [] -%}CALL{%- endfor -%}<|im_end|>
{% endfor -%}`
const listing = '{%- for tool in tools or [] -%}{{ tool | tojson }}{%- endfor -%}'
const opening = '{%- if add_generation_prompt -%}<|im_start|>assistant\n{% endif -%}'
const family = (call: string, end = opening): string => listing + turns.replace('CALL', call) + end

const json = (key: string): string =>
  `{"name": "{{ call.function.name }}", "${key}": {{ call.function.arguments | tojson }}}`
const templates: Readonly<Record<string, string | false>> = {
  none: false,
  hermes: family(`<tool_call>${json('arguments')}</tool_call>`),
  elements: family(
    '<tool_call><function={{ call.function.name }}>{%- for key, value in call.function.arguments | items -%}<parameter={{ key }}>{{ value }}</parameter>{%- endfor -%}</function></tool_call>',
  ),
  bare: family(json('parameters'), `{#- <|python_tag|> -#}${opening}`),
  list: family(`[TOOL_CALLS][${json('arguments')}]`),
  named: family('[TOOL_CALLS]{{ call.function.name }}[ARGS]{{ call.function.arguments | tojson }}'),
  unknown: family(`<|begin_call|>${json('arguments')}<|end_call|>`),
  channels: `${listing}{%- for message in messages -%}<|start|>{{ message.role }}<|channel|>final<|message|>{{ message.content }}{%- for call in message.tool_calls or [] -%}{{ call.function.name }}{{ call.function.arguments | tojson }}{%- endfor -%}<|end|>{%- endfor -%}{%- if add_generation_prompt -%}<|start|>assistant{%- endif -%}`,
  thinking: family(
    `<tool_call>${json('arguments')}</tool_call>`,
    `${opening}{%- if add_generation_prompt and enable_thinking -%}<think>\n{% endif -%}{#- </think> -#}`,
  ),
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let models: TestEngine

const quotationMark = tinyVocabulary.tokens.indexOf('"')

/* A model with a token for the opening of calls, which a bias can make it say. */
const eager = { token: 200, text: '<tool_call>' }

beforeAll(async () => {
  folder = await temporaryFolder()
  const files: Record<string, string> = {}
  for (const [name, chatTemplate] of Object.entries(templates)) {
    files[name] = join(folder.path, `${name}.gguf`)
    await writeTinyModel(files[name], { chatTemplate })
  }
  files['eager'] = join(folder.path, 'eager.gguf')
  await writeFile(files['eager'], encodeGguf(eagerModel()))
  models = openEngine(files, { preferences: { slots: 2, contextTokens: 2048 } })
}, 60_000)

afterAll(async () => {
  await models.engine.close()
  await folder.remove()
})

function eagerModel(): ReturnType<typeof tinyModel> {
  const made = tinyModel({ chatTemplate: templates['hermes'] ?? false })
  const metadata = made.metadata.map(([key, value]) => {
    if (key === 'tokenizer.ggml.tokens' && value.type === 'array' && value.of === 'string') {
      return [key, { ...value, values: value.values.with(eager.token, eager.text) }] as const
    }
    if (key === 'tokenizer.ggml.token_type' && value.type === 'array' && value.of === 'i32') {
      return [key, { ...value, values: value.values.with(eager.token, 4) }] as const
    }
    return [key, value] as const
  })
  return { ...made, metadata }
}

const ask = (model: string, more: Partial<ModelRequest>): Promise<Answer> =>
  models.ask('Look around.', { model, tools, sampling: { temperature: 1, seed: 7 }, maxTokens: 400, ...more })

/* A model of random weights would reason for ever. */
const thinking = { mode: 'enabled', budgetTokens: 8 } as const

function wordsOf({ blocks }: Answer): string {
  return blocks.map(({ block, content }) => (block.type === 'text' ? content : '')).join('')
}

interface Call {
  readonly name: string
  readonly id: string
  readonly input: JsonObject
}

function callsOf({ blocks }: Answer): readonly Call[] {
  return blocks.flatMap(({ block, content }) =>
    block.type === 'tool-call' ? [{ name: block.name, id: block.id, input: JSON.parse(content) }] : [],
  )
}

describe.each(Object.keys(templates))('a model of the form "%s"', model => {
  test('calls the tool that it must call, with arguments that its schema allows', async () => {
    const answer = await ask(model, { toolChoice: { type: 'tool', name: 'look' }, thinking })
    expect(answer.blocks.map(({ block }) => block.type).filter(type => type !== 'thinking')).toEqual(['tool-call'])
    const [call] = callsOf(answer)
    expect(call?.name).toBe('look')
    expect(validate(call?.input ?? {}, look.inputSchema)).toEqual({ type: 'valid' })
    expect(answer.stop.reason).toBe('tool-use')
    expect(answer.losses).toBeUndefined()
  })

  test('calls one tool of several when it must call any, and no other after it', async () => {
    const answer = await ask(model, { toolChoice: { type: 'any', isParallel: false }, thinking })
    const [call, ...more] = callsOf(answer)
    const tool = tools.find(({ name }) => name === call?.name)
    expect(validate(call?.input ?? {}, tool?.inputSchema ?? false)).toEqual({ type: 'valid' })
    expect(more).toEqual([])
    expect(answer.stop.reason).toBe('tool-use')
  })

  test('shows nothing of a call that is cut off before its arguments', async () => {
    for (const maxTokens of [1, 20]) {
      const answer = await ask(model, { toolChoice: { type: 'tool', name: 'look' }, maxTokens })
      expect(answer.blocks.filter(({ block }) => block.type !== 'thinking')).toEqual([])
      expect(answer.stop.reason).toBe('max-tokens')
    }
  })

  test('answers in the shape that is asked for', async () => {
    const schema = { ...look.inputSchema }
    const answer = await ask(model, { tools: [], responseFormat: { type: 'json-schema', schema }, thinking })
    expect(validate(JSON.parse(wordsOf(answer)), schema)).toEqual({ type: 'valid' })
    expect(answer.stop.reason).toBe('end-turn')
  })

  test('counts the prompt with its tools as it then reports it', async () => {
    const request = askFor('Look around.', { model, tools, maxTokens: 0 })
    const { signal } = new AbortController()
    const counted = await models.engine.countTokens(request, signal)
    expect((await models.ask('Look around.', { model, tools, maxTokens: 0 })).usage.inputTokens).toBe(counted)
    expect(counted).toBeGreaterThan(await models.engine.countTokens(askFor('Look around.', { model }), signal))
  })

  test('is not shown tools that it may not call', async () => {
    const { signal } = new AbortController()
    const without = askFor('Look around.', { model })
    const none = { ...without, tools, toolChoice: { type: 'none' } as const }
    expect(await models.engine.countTokens(none, signal)).toBe(await models.engine.countTokens(without, signal))
  })
})

test('several calls in one turn have ids of their own', async () => {
  const answer = await ask('hermes', { toolChoice: { type: 'any' }, sampling: { temperature: 2, seed: 3 } })
  const ids = callsOf(answer).map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(1)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^toolu_./)
})

test('a call that the model opens by itself is held to the schema from there on', async () => {
  const answer = await ask('eager', {
    toolChoice: { type: 'auto', isParallel: false },
    sampling: { temperature: 1, seed: 1, logitBias: { [eager.token]: 1000 } },
  })
  const [call] = callsOf(answer)
  const tool = tools.find(({ name }) => name === call?.name)
  expect(validate(call?.input ?? {}, tool?.inputSchema ?? false)).toEqual({ type: 'valid' })
  expect(answer.blocks.map(({ block }) => block.type)).toEqual(['tool-call'])
  expect(answer.stop.reason).toBe('tool-use')
})

test('reasoning is a signed block of its own, counted apart, and ends where its budget does', async () => {
  const answer = await ask('thinking', {
    tools: [],
    thinking: { mode: 'enabled', budgetTokens: 12 },
    maxTokens: 60,
  })
  const [thought, said] = answer.blocks
  expect(thought?.block).toMatchObject({ type: 'thinking', origin: 'local' })
  expect(thought?.signature).toMatch(/^duologue\./)
  expect(said?.block.type).toBe('text')
  expect(answer.usage.thinkingTokens).toBeGreaterThanOrEqual(12)
  expect(answer.usage.thinkingTokens).toBeLessThan(40)
  expect(answer.usage.outputTokens).toBe(60)
})

test('reasoning that is not to be shown leaves only its signature', async () => {
  const answer = await ask('thinking', {
    tools: [],
    thinking: { mode: 'enabled', budgetTokens: 12, display: 'omitted' },
    maxTokens: 40,
  })
  expect(answer.blocks[0]).toMatchObject({ block: { type: 'thinking' }, content: '' })
  expect(answer.blocks[0]?.signature).toBeDefined()
})

test('a stop sequence ends text, and not reasoning', async () => {
  const asked = { tools: [], thinking: { mode: 'enabled', budgetTokens: 30 }, maxTokens: 60 } as const
  const [thought] = (await ask('thinking', asked)).blocks
  const sequence = thought?.content.slice(3, 5) ?? ''
  const again = await ask('thinking', { ...asked, stopSequences: [sequence] })
  expect(again.blocks[0]?.content).toBe(thought?.content)
})

test('a model that must call a tool may reason first', async () => {
  const answer = await ask('thinking', {
    thinking: { mode: 'enabled', budgetTokens: 12 },
    toolChoice: { type: 'tool', name: 'wait' },
  })
  expect(answer.blocks.map(({ block }) => block.type)).toEqual(['thinking', 'tool-call'])
  expect(callsOf(answer)[0]?.name).toBe('wait')
})

test('a call that is cut off is left as it is, and the reason is the limit', async () => {
  const answer = await ask('hermes', { toolChoice: { type: 'tool', name: 'look' }, maxTokens: 40 })
  expect(answer.stop.reason).toBe('max-tokens')
  expect(answer.usage.outputTokens).toBe(40)
})

test('a schema that nothing matches is refused where it must be met', async () => {
  const schema = { type: 'object', properties: { a: { enum: [] } }, required: ['a'] }
  await expect(ask('hermes', { responseFormat: { type: 'json-schema', schema } })).rejects.toMatchObject({
    kind: 'invalid-request',
    field: ['response_format'],
  })
})

test('a part of a schema that costs too much is left at its type, and the loss is told', async () => {
  const place = { enum: Array.from({ length: 2001 }, (_, index) => `place ${index}`) }
  const schema = { ...look.inputSchema, properties: { place, far: { const: true } } }
  const answer = await ask('hermes', {
    tools: [],
    responseFormat: { type: 'json-schema', schema },
    sampling: { temperature: 0, logitBias: { [quotationMark]: 1000 } },
  })
  expect(JSON.parse(wordsOf(answer))).toEqual({ place: '', far: true })
  expect(answer.losses?.map(({ field, why }) => `${field}: ${why}`)).toEqual([
    'responseFormat.schema: any value of its type passes for a part of the schema: it lists more than 2000 values',
    expect.stringMatching(/^responseFormat\.schema: the answer did not match the schema: 'place' must be one of/),
  ])
})

test('a schema that costs too much as a whole still gives a call, and the loss is told', async () => {
  const bounds = (keyword: string): JsonObject => ({
    anyOf: Array.from({ length: 12 }, (_, at) => ({ [keyword]: at })),
  })
  const allOf = [bounds('minProperties'), bounds('maxProperties')]
  const answer = await ask('hermes', {
    tools: [{ name: 'huge', inputSchema: { type: 'object', allOf, required: ['costly'] } }],
    toolChoice: { type: 'tool', name: 'huge' },
    maxTokens: 60,
  })
  expect(answer.blocks[0]?.block).toMatchObject({ type: 'tool-call', name: 'huge' })
  expect(answer.losses).toMatchObject([{ field: 'tools.0.inputSchema', action: 'degraded' }])
})

/* The grammar can only write the same item twice, which the schema forbids. */
const twice: JsonObject = {
  type: 'object',
  properties: { list: { type: 'array', items: { const: 1 }, minItems: 2, maxItems: 2, uniqueItems: true } },
  required: ['list'],
  additionalProperties: false,
}

test('a call that does not match what its grammar leaves out is told with a loss', async () => {
  const answer = await ask('hermes', {
    tools: [{ name: 'pick', inputSchema: twice }],
    toolChoice: { type: 'tool', name: 'pick' },
  })
  expect(callsOf(answer)).toMatchObject([{ name: 'pick', input: { list: [1, 1] } }])
  expect(answer.losses).toEqual([
    {
      field: 'tools.0.inputSchema',
      action: 'degraded',
      why: "the arguments of 'pick' did not match the schema: 'list' must have no two items that are the same",
    },
  ])
})

test.each([undefined, 0])(
  'an answer of a shape is told once it was checked, with %s log-probabilities',
  async topLogprobs => {
    const answer = await ask('hermes', {
      tools: [],
      responseFormat: { type: 'json-schema', schema: twice },
      ...(topLogprobs !== undefined && { topLogprobs }),
    })
    expect(JSON.parse(wordsOf(answer))).toEqual({ list: [1, 1] })
    expect(answer.losses?.map(({ field }) => field)).toEqual([
      'responseFormat.schema.uniqueItems',
      'responseFormat.schema',
    ])
  },
)

test('a strict tool is held to its schema where the form can be, and elsewhere the loss is told', async () => {
  const strict = { tools: [{ ...look, isStrict: true }, wait], maxTokens: 1 }
  expect((await ask('hermes', strict)).losses).toBeUndefined()
  expect((await ask('channels', strict)).losses).toBeUndefined()
  expect((await ask('elements', strict)).losses).toMatchObject([{ field: 'tools', action: 'degraded' }])
})

test('an answer of a shape may be a call instead, where tools are there', async () => {
  const responseFormat = { type: 'json-schema', schema: look.inputSchema } as const
  const kinds = new Set<string>()
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const answer = await ask('hermes', { responseFormat, sampling: { temperature: 2, seed } })
    for (const { block } of answer.blocks) kinds.add(block.type)
  }
  expect(kinds).toEqual(new Set(['text', 'tool-call']))
})

test('a conversation goes on after a tool gave an image, and is counted as it then reports it', async () => {
  const call = { type: 'tool-call', id: 't', name: 'look', input: '{"place":"north","far":true}' } as const
  const image = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' } } as const
  const messages: ModelRequest['messages'] = [
    { role: 'user', content: [{ type: 'text', text: 'Look.' }] },
    { role: 'assistant', content: [call] },
    { role: 'user', content: [{ type: 'tool-result', callId: 't', content: [image] }] },
  ]
  const asked = askFor('', { model: 'hermes', tools, messages })
  const answer = await ask('hermes', { messages, maxTokens: 4 })
  expect(answer.usage.inputTokens).toBe(await models.engine.countTokens(asked, new AbortController().signal))
  expect(answer.losses).toMatchObject([{ field: 'messages.2.content.0.content.0', action: 'degraded' }])
})

const scalar = fc.constantFrom<JsonObject>(
  { type: 'boolean' },
  { enum: ['a', 'b"c', 1, null] },
  { type: 'null' },
  { const: 'x y' },
)
const property = fc.oneof(
  scalar,
  scalar.map(items => ({ type: 'array', items, maxItems: 2 })),
  fc.tuple(scalar, scalar).map(anyOf => ({ anyOf })),
)
const schemas = fc
  .dictionary(fc.string({ minLength: 1, maxLength: 6 }), property, { minKeys: 1, maxKeys: 4 })
  .map((properties): JsonObject => ({
    type: 'object',
    properties,
    required: Object.keys(properties).slice(0, 2),
    additionalProperties: false,
  }))

test('whatever the schema, a tool that must be called is called with arguments that match it', async () => {
  await fc.assert(
    fc.asyncProperty(
      schemas,
      fc.constantFrom('hermes', 'bare', 'named', 'none'),
      fc.nat(1000),
      async (inputSchema, model, seed) => {
        const answer = await ask(model, {
          tools: [{ name: 'act', inputSchema }],
          toolChoice: { type: 'tool', name: 'act' },
          sampling: { temperature: 1, seed },
          maxTokens: 600,
        })
        const [call] = callsOf(answer)
        expect(validate(call?.input ?? {}, inputSchema)).toEqual({ type: 'valid' })
      },
    ),
    { numRuns: 25 },
  )
}, 60_000)
