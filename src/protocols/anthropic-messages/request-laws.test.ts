import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyJsonObject, anyToolInput, someText } from '../../../test/support/arbitrary-answer.ts'
import {
  anyDocumentBlock,
  anyImageBlock,
  anyTextBlock,
  anyThinkingBlock,
  arbitraryRequest,
  type RequestWords,
} from '../../../test/support/arbitrary-request.ts'
import type { ContentBlock } from '../../core/content.ts'
import { ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ResponseFormat, Sampling, Thinking } from '../../core/request.ts'
import { defined, isJsonObject } from '../json.ts'
import { anthropicMessages } from './index.ts'

const { server, client } = anthropicMessages
const runs = { numRuns: 300 }
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

const own = <T extends ContentBlock>(block: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc
    .tuple(block, maybe(fc.constantFrom({}, { ttl: '1h' as const })), maybe(someText))
    .map(([block, cache, future]) => ({
      ...block,
      ...(cache && { cache }),
      ...(future !== undefined && { extras: { 'anthropic-messages': { a_field_to_come: future } } }),
    }))

const sampling: fc.Arbitrary<Sampling> = fc
  .record({ temperature: fc.constantFrom(0, 0.5, 1), topP: maybe(fc.constantFrom(0.1, 1)), topK: maybe(fc.nat()) })
  .map(defined)

const thinking = fc.constantFrom<Thinking>(
  { mode: 'disabled' },
  { mode: 'adaptive', display: 'updates' },
  { mode: 'between-tools' },
  { mode: 'enabled', budgetTokens: 1024 },
)

const sayable: RequestWords = {
  userBlocks: [own(anyImageBlock), own(anyDocumentBlock), own(anyTextBlock)],
  assistantBlocks: [anyThinkingBlock, someText.map(data => ({ type: 'redacted-thinking', data }))],
  sampling: maybe(sampling),
  maxTokens: fc.integer({ min: 1025, max: 100_000 }),
  thinking: maybe(thinking),
  effort: maybe(fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max')),
  responseFormat: maybe(anyJsonObject.map((schema): ResponseFormat => ({ type: 'json-schema', schema }))),
}

test('a request that the API can say is read back the same, and nothing of it is lost', () =>
  fc.assert(
    fc.property(arbitraryRequest(sayable), fc.boolean(), (request, isStreaming) => {
      const { body, headers, losses } = client.encodeRequest({ request, isStreaming })
      const wire: unknown = JSON.parse(JSON.stringify(body))
      expect(server.decodeRequest(wire, headers)).toEqual({ request, isStreaming, includesUsage: true })
      expect(losses).toEqual([])
    }),
    runs,
  ))

test('whatever a request is, the API is sent a body that it can read', () =>
  fc.assert(
    fc.property(arbitraryRequest({ toolChoice: ['auto', 'none'] }), request => {
      const { body, headers } = client.encodeRequest({
        request: { ...request, thinking: { mode: 'adaptive' } },
        isStreaming: true,
      })
      expect(() => server.decodeRequest(JSON.parse(JSON.stringify(body)), headers)).not.toThrow()
    }),
    runs,
  ))

const cacheControl = fc.constantFrom(null, { type: 'ephemeral' }, { type: 'ephemeral', ttl: '5m' })
const wireText = fc
  .record({
    text: someText,
    cache_control: maybe(cacheControl),
    citations: maybe(fc.array(anyJsonObject)),
    more: maybe(anyJsonObject),
  })
  .map(block => ({ type: 'text', ...defined(block) }))
const content = fc.oneof(someText, fc.array(wireText, { minLength: 1, maxLength: 2 }))
const toolUse = fc
  .record({
    id: fc.stringMatching(/^[a-z]{1,9}$/),
    name: fc.constant('pick'),
    input: anyToolInput,
    caller: maybe(anyJsonObject),
  })
  .map(({ input, ...block }) => ({ type: 'tool_use', ...defined(block), input: JSON.parse(input) as unknown }))
const toolResult = fc
  .record({ tool_use_id: fc.stringMatching(/^[a-z]{1,9}$/), content: maybe(content), is_error: maybe(fc.boolean()) })
  .map(block => ({ type: 'tool_result', ...defined(block) }))
const opaqueBlock = anyJsonObject.map(value => ({ ...value, type: 'web_search_tool_result' }))
const turn = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'assistant', 'system'), content }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.array(fc.oneof(toolUse, opaqueBlock), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ role: fc.constant('user'), content: fc.array(toolResult, { minLength: 1, maxLength: 3 }) }),
)
const tool = fc
  .record({
    type: maybe(fc.constantFrom(null, 'custom')),
    description: maybe(someText),
    strict: maybe(fc.boolean()),
    cache_control: maybe(cacheControl),
    input_examples: maybe(fc.array(anyJsonObject)),
  })
  .map(fields => ({ name: 'pick', input_schema: { type: 'object' }, ...defined(fields) }))
const typedTool = fc.constantFrom({ type: 'bash_20250124', name: 'bash' }, { type: 'memory_20250818', name: 'memory' })

const anyBody: fc.Arbitrary<JsonObject> = fc
  .record({
    model: someText,
    max_tokens: fc.nat(),
    messages: fc.array(turn, { minLength: 1, maxLength: 4 }),
    system: maybe(content),
    tools: maybe(fc.tuple(tool, typedTool)),
    tool_choice: maybe(fc.constantFrom({ type: 'auto', disable_parallel_tool_use: true }, { type: 'none' })),
    stream: maybe(fc.boolean()),
    temperature: maybe(fc.constantFrom(null, 0, 1)),
    stop_sequences: maybe(fc.array(fc.stringMatching(/^[a-z]+$/))),
    output_format: maybe(anyJsonObject.map(schema => ({ type: 'json_schema', schema }))),
    output_config: maybe(fc.record({ effort: fc.constantFrom('low', 'a-word-to-come'), task_budget: anyJsonObject })),
    metadata: maybe(fc.record({ user_id: someText, team: someText })),
    thinking: maybe(fc.constantFrom({ type: 'adaptive', display: 'updates' }, { type: 'disabled', block_binding: {} })),
    safeguards: maybe(anyJsonObject),
    context_management: maybe(anyJsonObject),
    service_tier: maybe(fc.constantFrom('auto', 'standard_only')),
  })
  .map(body => JSON.parse(JSON.stringify(body)) as JsonObject)

/*
 * What passing through changes, and nothing else is:
 * 1. a string of content is its one text block;
 * 2. a null, `stream: false`, a tool's `type: "custom"` and a tool result's empty content say nothing and are left out;
 * 3. `output_format` is said in its present place.
 */
function normal({ output_format: format, ...body }: JsonObject): JsonObject {
  const { stream, output_config: config, tools, system, ...rest } = body
  const isFormatted = format !== undefined
  return withoutNulls({
    ...rest,
    ...(Array.isArray(tools) && { tools: tools.map(withoutCustom) }),
    ...(system !== undefined && { system: blocks(system) }),
    ...(stream === true && { stream }),
    messages: items(body['messages']).map(message => ({ ...message, content: blocks(message['content']) })),
    ...((isFormatted || isJsonObject(config)) && {
      output_config: { ...(isJsonObject(config) && config), ...(isFormatted && { format }) },
    }),
  })
}

function items(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function blocks(value: unknown): readonly JsonObject[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  return items(value).map(block => {
    if (block['type'] !== 'tool_result') return block['type'] === 'web_search_tool_result' ? block : withoutNulls(block)
    const { content, ...rest } = block
    return content === undefined ? rest : { ...rest, content: blocks(content) }
  })
}

function withoutCustom(tool: unknown): JsonObject {
  const { type, ...rest } = isJsonObject(tool) ? tool : {}
  return withoutNulls({ ...rest, ...(type !== 'custom' && type !== undefined && { type }) })
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}

test('a body that is read and said again is the same', () =>
  fc.assert(
    fc.property(anyBody, body => {
      expect(client.encodeRequest(server.decodeRequest(body, {})).body).toEqual(normal(body))
    }),
    runs,
  ))

test('any JSON at all is read or refused as an invalid request, never anything else', () =>
  fc.assert(
    fc.property(anyBody, fc.jsonValue(), fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (body, value, path) => {
      try {
        server.decodeRequest(planted(body, value, path), {})
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError)
        expect(error).toMatchObject({ kind: 'invalid-request' })
      }
    }),
    { numRuns: 1000 },
  ))

/** Puts a value somewhere within another. */
function planted(whole: unknown, value: unknown, [step = 0, ...path]: readonly number[]): unknown {
  const keys = typeof whole === 'object' && whole !== null ? Object.keys(whole) : []
  const key = keys[step % Math.max(keys.length, 1)]
  if (key === undefined) return value
  const replace = ([name, field]: [string, unknown]): [string, unknown] => [
    name,
    name === key ? planted(field, value, path) : field,
  ]
  const fields = Object.entries(whole as object).map(replace)
  return Array.isArray(whole) ? fields.map(([, field]) => field) : Object.fromEntries(fields)
}
