import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/core/json.ts'
import { serveEngine } from '../chaos/serve-engine.ts'
import { agentSchemas } from '../support/agent-schemas.ts'
import { temporaryFolder } from '../support/engine.ts'
import { writeRecitingModel } from '../support/reciting-model.ts'
import { anthropicKinds, openOpenAI } from '../support/sdk-clients.ts'

/** A call that a model writes, and what a client is to be told of it. */
interface WrittenCall {
  readonly name: string
  readonly schema: JsonObject
  readonly isStrict: boolean
  readonly written: JsonObject
  readonly told: JsonObject
}

interface Form {
  readonly call: (name: string, parameters: string) => string
  readonly parameter: (key: string, value: string) => string
}

/* The forms of families whose parameters are elements, as their templates and models write them. */
const forms: Readonly<Record<string, Form>> = {
  'Qwen Coder': {
    call: (name, parameters) => `<tool_call>\n<function=${name}>\n${parameters}</function>\n</tool_call>`,
    parameter: (key, value) => `<parameter=${key}>\n${value}\n</parameter>\n`,
  },
  Seed: {
    call: (name, parameters) => `<seed:tool_call>\n<function=${name}>\n${parameters}</function>\n</seed:tool_call>`,
    parameter: (key, value) => `<parameter=${key}>${value}</parameter>\n`,
  },
  GLM: {
    call: (name, parameters) => `<tool_call>${name}\n${parameters}</tool_call>`,
    parameter: (key, value) => `<arg_key>${key}</arg_key>\n<arg_value>${value}</arg_value>\n`,
  },
  MiniMax: {
    call: (name, parameters) =>
      `<minimax:tool_call>\n<invoke name="${name}">\n${parameters}</invoke>\n</minimax:tool_call>`,
    parameter: (key, value) => `<parameter name="${key}">${value}</parameter>\n`,
  },
}

function templateOf({ call, parameter }: Form): string {
  const shown = call('{{ call.function.name }}', `PARAMETERS`).replace(
    'PARAMETERS',
    `{%- for key, value in call.function.arguments | items -%}${parameter('{{ key }}', '{{ value }}')}{%- endfor -%}`,
  )
  return `{%- for tool in tools or [] -%}{{ tool | tojson }}{%- endfor -%}
{%- for message in messages -%}<|im_start|>{{ message.role }}
{{ message.content }}{%- for call in message.tool_calls or [] -%}${shown}{%- endfor -%}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}`
}

function recite({ call, parameter }: Form, calls: readonly WrittenCall[]): string {
  const text = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
  const written = calls.map(({ name, written }) => {
    const parameters = Object.entries(written).map(([key, value]) => parameter(key, text(value)))
    return call(name, parameters.join(''))
  })
  return written.join('\n')
}

/* Each form is proven with a share of the agents' tools. */
function shareOf(family: string): readonly WrittenCall[] {
  const [names, at] = [Object.keys(forms), Object.keys(forms).indexOf(family)]
  return fitting.filter((_, index) => index % names.length === at)
}

/* Each of them is called as it should be. A name that ends with a line break cannot be written as an element. */
const fitting = agentSchemas
  .filter(({ schema, name }) => schema['type'] === 'object' && name !== 'names that need escaping')
  .filter(({ schema }) => !JSON.stringify(schema).includes('"__proto__"'))
  .map(({ schema, valid: [value] }, index): WrittenCall => {
    const told = value as JsonObject
    return { name: `agent_${index}`, schema, isStrict: true, written: told, told }
  })

function single(property: JsonObject): JsonObject {
  return { type: 'object', properties: { a: property }, required: ['a'], additionalProperties: false }
}

const numbers = { type: 'array', items: { type: 'integer' }, uniqueItems: true }
const mended: readonly WrittenCall[] = [
  { name: 'list', schema: single(numbers), isStrict: true, written: { a: 5 }, told: { a: [5] } },
  { name: 'once', schema: single(numbers), isStrict: true, written: { a: [1, 2, 1] }, told: { a: [1, 2] } },
  { name: 'more', schema: single(numbers), isStrict: true, written: { a: [1], b: 2 }, told: { a: [1] } },
  { name: 'wrong', schema: single({ type: 'integer' }), isStrict: true, written: { a: 'five' }, told: { a: 'five' } },
  { name: 'loose', schema: single({ type: 'integer' }), isStrict: false, written: { a: 'six' }, told: { a: 'six' } },
]

let folder: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  folder = await temporaryFolder()
})

afterAll(() => folder.remove())

describe.each(Object.entries(forms))('a model that writes calls as %s does', (family, form) => {
  test('is heard by every client, typed by the schemas, and its calls of strict tools are mended or told', async () => {
    const calls = [...shareOf(family), ...mended]
    const expected = calls.map(({ name, told }) => ({ name, input: told }))
    const file = join(folder.path, `${family}.gguf`)
    await writeRecitingModel(file, { chatTemplate: templateOf(form), text: recite(form, calls) })
    const { port, log } = await serveEngine(file, { preferences: { slots: 1 } })
    const url = `http://127.0.0.1:${port}`
    const asked = { model: 'm', max_tokens: 4000, messages: [{ role: 'user' as const, content: 'Go on.' }] }

    const tools = calls.map(({ name, schema, isStrict }) => ({
      name,
      strict: isStrict,
      input_schema: { ...schema, type: 'object' as const },
    }))
    const functions = tools.map(({ name, strict, input_schema: parameters }) => ({ name, strict, parameters }))
    for (const { open } of anthropicKinds) {
      const message = await open(url)
        .messages.stream({ ...asked, tools })
        .finalMessage()
      const told = message.content.flatMap(block => (block.type === 'tool_use' ? [block] : []))
      expect(told.map(({ name, input }) => ({ name, input }))).toEqual(expected)
      expect([message.stop_reason, message.content.length]).toEqual(['tool_use', expected.length])
    }

    const openai = openOpenAI(url)
    const chatTools = functions.map(tool => ({ type: 'function' as const, function: tool }))
    const chat = await openai.chat.completions.stream({ ...asked, tools: chatTools }).finalChatCompletion()
    const { message, finish_reason } = chat.choices[0] ?? {}
    const told = message?.tool_calls?.flatMap(call => (call.type === 'function' ? [call.function] : [])) ?? []
    expect(told.map(({ name, arguments: json }) => ({ name, input: JSON.parse(json) }))).toEqual(expected)
    expect([finish_reason, message?.content]).toEqual(['tool_calls', ''])

    const { data, response } = await openai.responses
      .create({
        model: 'm',
        input: 'Go on.',
        store: false,
        tools: functions.map(tool => ({ type: 'function', ...tool })),
      })
      .withResponse()
    const items = data.output.flatMap(item => (item.type === 'function_call' ? [item] : []))
    expect(items.map(({ name, arguments: json }) => ({ name, input: JSON.parse(json) }))).toEqual(expected)
    const place = calls.findIndex(({ name }) => name === 'wrong')
    const losses = response.headers.get('x-duologue-losses')
    expect(losses).toBe(`tools degraded, tools.${place}.inputSchema degraded`)
    expect(JSON.stringify(log)).toContain(
      "the arguments of 'wrong' did not match the schema: 'a' must be of type integer",
    )
  })
})
