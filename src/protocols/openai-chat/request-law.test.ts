import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyJsonObject, anyText, someText } from '../../../test/support/arbitrary-answer.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../json.ts'
import { openaiChat } from './index.ts'

const { server, client } = openaiChat

test('a body goes through the neutral form unchanged, but for the normalisations that are written down', () =>
  fc.assert(
    fc.property(anyBody(), body => {
      const decoded = server.decodeRequest(body, {})
      expect(client.encodeRequest(decoded).body).toEqual(normal(body))
    }),
    { numRuns: 500 },
  ))

const name = fc.stringMatching(/^[a-z]{1,8}$/)
const unknown = fc.option(fc.record({ x_unheard_of: fc.jsonValue({ maxDepth: 1 }).filter(value => value !== null) }), {
  nil: {},
})

/** Lays fields over an object, some of them missing and some of them null. */
function withMaybe(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Record<string, unknown>> {
  const nullable = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, fc.option(value, { freq: 6 })]),
  )
  return fc.record(nullable, { requiredKeys: [] })
}

function withUnknown(known: fc.Arbitrary<object>): fc.Arbitrary<object> {
  return fc.tuple(known, unknown).map(([fields, extra]) => ({ ...fields, ...extra }))
}

const cacheMark = fc.constantFrom(
  {},
  { prompt_cache_breakpoint: { mode: 'explicit' } },
  { prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } },
  { cache_control: { type: 'ephemeral', ttl: '1h' } },
)

const textPart = withUnknown(fc.tuple(anyText, cacheMark).map(([text, mark]) => ({ type: 'text', text, ...mark })))
const imagePart = fc
  .tuple(
    fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,iVBORw0='),
    fc.option(fc.constantFrom('auto', 'low', 'high', 'original'), { nil: undefined }),
    cacheMark,
  )
  .map(([url, detail, mark]) => ({ type: 'image_url', image_url: { url, ...(detail && { detail }) }, ...mark }))
const audioPart = fc.constant({ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } })
const filePart = fc.constantFrom(
  { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
  { type: 'file', file: { file_id: 'file-1' } },
)

const parts = (...kinds: readonly fc.Arbitrary<object>[]) =>
  fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 3 })
const textContent = fc.oneof(anyText, parts(textPart))
const named = (message: fc.Arbitrary<object>) =>
  fc.tuple(message, withMaybe({ name })).map(([fields, extra]) => ({ ...fields, ...extra }))

const instruction = named(
  withUnknown(fc.record({ role: fc.constantFrom('system', 'developer'), content: textContent })),
)
const user = named(
  withUnknown(
    fc.record({
      role: fc.constant('user'),
      content: fc.oneof(anyText, parts(textPart, imagePart, audioPart, filePart)),
    }),
  ),
)
const call = fc.record({
  id: someText,
  type: fc.constant('function'),
  function: fc.record({ name, arguments: anyText }),
})
const refusalPart = fc.record({ type: fc.constant('refusal'), refusal: someText })
const assistant = fc
  .tuple(
    fc.oneof(
      someText,
      parts(
        someText.map(text => ({ type: 'text', text })),
        refusalPart,
      ),
    ),
    withMaybe({ reasoning_content: someText, refusal: someText, name }),
    fc.option(fc.array(call, { minLength: 1, maxLength: 2 })),
  )
  .map(([content, rest, calls]) => ({ role: 'assistant', content, ...rest, ...(calls && { tool_calls: calls }) }))
const tool = withUnknown(fc.record({ role: fc.constant('tool'), tool_call_id: someText, content: textContent }))

const declared = withUnknown(
  fc
    .tuple(name, anyJsonObject, withMaybe({ description: anyText, strict: fc.boolean() }))
    .map(([name, parameters, rest]) => ({ type: 'function', function: { name, parameters, ...rest } })),
)

function anyBody(): fc.Arbitrary<JsonObject> {
  const knobs = withMaybe({
    max_completion_tokens: fc.integer({ min: 1, max: 9 }),
    max_tokens: fc.integer({ min: 1, max: 9 }),
    stop: fc.oneof(name, fc.array(name, { maxLength: 4 })),
    temperature: fc.constantFrom(0, 0.7, 2),
    top_p: fc.constantFrom(0, 1),
    top_k: fc.integer({ min: -1, max: 9 }),
    min_p: fc.constantFrom(0, 0.5),
    frequency_penalty: fc.constantFrom(-2, 2),
    presence_penalty: fc.constantFrom(-2, 2),
    logit_bias: fc.constantFrom({}, { 7: -100 }),
    seed: fc.integer(),
    n: fc.constant(1),
    logprobs: fc.constant(true),
    response_format: fc.constantFrom(
      { type: 'text' },
      { type: 'json_object' },
      { type: 'json_schema', json_schema: { name: 'out', description: 'd', schema: { type: 'object' }, strict: true } },
    ),
    reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
    verbosity: fc.constantFrom('low', 'high'),
    store: fc.boolean(),
    metadata: fc.constantFrom({ a: 'b' }),
    user: someText,
    safety_identifier: someText,
    prompt_cache_key: someText,
    x_unheard_of: fc.constant({ deep: [1] }),
    stream: fc.boolean(),
    stream_options: fc.constantFrom({ include_usage: true }, {}),
  })
  const tools = fc.option(
    fc.tuple(
      fc.uniqueArray(declared, {
        minLength: 1,
        maxLength: 2,
        selector: tool => JSON.stringify(objectAt(tool, 'function')['name']),
      }),
      withMaybe({ tool_choice: fc.constantFrom('none', 'auto', 'required'), parallel_tool_calls: fc.boolean() }),
    ),
    { nil: undefined },
  )
  const messages = fc
    .tuple(
      fc.array(instruction, { maxLength: 2 }),
      fc.array(fc.oneof(user, assistant, tool, instruction), { maxLength: 4 }),
      user,
    )
    .map(([opening, turns, last]) => [...opening, ...turns, last])
  return fc.record({ knobs, tools, messages, model: someText }).map(({ knobs, tools, ...rest }) => {
    const body: unknown = JSON.parse(
      JSON.stringify({ ...rest, ...knobs, ...(tools && { tools: tools[0], ...tools[1] }) }),
    )
    return isJsonObject(body) ? body : {}
  })
}

function objectAt(value: object, key: string): JsonObject {
  const inner: unknown = Object.entries(value).find(([name]) => name === key)?.[1]
  return isJsonObject(inner) ? inner : {}
}

// The normalisations, as docs/mapping/openai-chat.md lists them.

function normal(body: JsonObject): JsonObject {
  const { max_tokens: old, n: _n, top_k: _k, min_p: _p, stream, stream_options: _s, messages, ...rest } = stated(body)
  const { stop, logit_bias: bias, safety_identifier: safety, user, ...plain } = rest
  return {
    ...plain,
    messages: Array.isArray(messages) ? messages.map(normalMessage) : [],
    ...(stream === true && { stream, stream_options: { include_usage: true } }),
    ...(plain['max_completion_tokens'] === undefined && old !== undefined && { max_completion_tokens: old }),
    ...normalStop(stop),
    ...(isJsonObject(bias) && Object.keys(bias).length > 0 && { logit_bias: bias }),
    ...normalUser(user, safety),
    ...(Array.isArray(plain['tools']) && { tools: plain['tools'].map(normalTool) }),
    ...(plain['parallel_tool_calls'] !== undefined && { tool_choice: plain['tool_choice'] ?? 'auto' }),
  }
}

function stated(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}

function normalUser(user: Json | undefined, safety: Json | undefined): JsonObject {
  const both = { user: user === safety ? null : (user ?? null), safety_identifier: safety ?? null }
  return stated(both)
}

function normalStop(stop: Json | undefined): JsonObject {
  const sequences = typeof stop === 'string' ? [stop] : stop
  return Array.isArray(sequences) && sequences.length > 0 ? { stop: sequences } : {}
}

function normalTool(tool: Json): Json {
  return isJsonObject(tool) ? { ...tool, function: stated(objectAt(tool, 'function')) } : tool
}

function normalMessage(message: Json): Json {
  if (!isJsonObject(message)) return message
  const { content, ...rest } = stated(message)
  return { ...rest, content: normalContent(content ?? null) }
}

function normalContent(content: Json): Json {
  if (!Array.isArray(content) || content.length > 1) return content
  const [part]: readonly Json[] = content
  const isPlain = isJsonObject(part) && part['type'] === 'text' && Object.keys(part).length === 2
  return isPlain ? (part['text'] ?? '') : content
}
