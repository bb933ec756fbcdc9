import { expect, test } from 'vitest'
import type { ContentBlock } from '../../core/content.ts'
import type { Loss } from '../../core/loss.ts'
import type { ModelRequest } from '../../core/request.ts'
import type { EncodedRequest } from '../protocol.ts'
import { anthropicMessages } from './index.ts'

const { client } = anthropicMessages
const hello: ModelRequest = {
  model: 'm',
  system: [],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  maxTokens: 9,
}

function say(fields: Partial<ModelRequest>, isStreaming = false): EncodedRequest {
  return client.encodeRequest({ request: { ...hello, ...fields }, isStreaming })
}

function sayBlocks(...content: readonly ContentBlock[]): EncodedRequest {
  return say({ messages: [{ role: 'assistant', content }] })
}

test('a plain request is said plainly, in the version that refuses least', () => {
  expect(say({}, true)).toEqual({
    body: {
      model: 'm',
      max_tokens: 9,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      stream: true,
    },
    headers: { 'anthropic-version': '2023-06-01' },
    losses: [],
  })
})

test.each<[string, Partial<ModelRequest>, Pick<Loss, 'field' | 'action'>]>([
  ['a seed', { sampling: { seed: 1 } }, { field: 'sampling.seed', action: 'dropped' }],
  ['min-p', { sampling: { minP: 0.1 } }, { field: 'sampling.minP', action: 'dropped' }],
  [
    'a frequency penalty',
    { sampling: { frequencyPenalty: 1 } },
    { field: 'sampling.frequencyPenalty', action: 'dropped' },
  ],
  [
    'a presence penalty',
    { sampling: { presencePenalty: 1 } },
    { field: 'sampling.presencePenalty', action: 'dropped' },
  ],
  ['a logit bias', { sampling: { logitBias: { 1: 1 } } }, { field: 'sampling.logitBias', action: 'dropped' }],
  ['a high temperature', { sampling: { temperature: 2 } }, { field: 'sampling.temperature', action: 'degraded' }],
  ['log-probabilities', { topLogprobs: 1 }, { field: 'topLogprobs', action: 'dropped' }],
  ['metadata', { metadata: {} }, { field: 'metadata', action: 'dropped' }],
  ['a cache key', { cacheKey: 'a' }, { field: 'cacheKey', action: 'dropped' }],
  ['no effort', { effort: 'none' }, { field: 'effort', action: 'degraded' }],
  [
    'JSON without a schema',
    { responseFormat: { type: 'json-object' } },
    { field: 'responseFormat', action: 'dropped' },
  ],
  [
    'a named schema',
    { responseFormat: { type: 'json-schema', schema: {}, name: 'a' } },
    { field: 'responseFormat.name', action: 'dropped' },
  ],
])('the loss of %s is told', (_, fields, loss) => {
  expect(say(fields).losses).toMatchObject([loss])
})

test('a request without a limit gets one, and is told so', () => {
  const { maxTokens: _, ...request } = hello
  const { body, losses } = client.encodeRequest({ request, isStreaming: false })
  expect(body['max_tokens']).toBe(8192)
  expect(losses).toMatchObject([{ field: 'maxTokens', action: 'emulated' }])
})

test('a temperature that is too high is the highest', () => {
  expect(say({ sampling: { temperature: 2 } }).body['temperature']).toBe(1)
})

test.each<[string, ContentBlock]>([
  ['that nobody signed', { type: 'thinking', text: 'hm' }],
  ['that another maker signed', { type: 'thinking', text: 'hm', signature: 'a', origin: 'elsewhere' }],
  ['that another of the house signed', { type: 'thinking', text: 'hm', signature: 'duologue.1.abc' }],
  ['that another maker hid', { type: 'redacted-thinking', data: 'a', origin: 'elsewhere' }],
])('reasoning %s is dropped, never sent as text', (_, block) => {
  const { body, losses } = sayBlocks(block, { type: 'text', text: 'so' })
  expect(body['messages']).toEqual([{ role: 'assistant', content: [{ type: 'text', text: 'so' }] }])
  expect(losses).toMatchObject([{ field: 'messages.0.content.0', action: 'dropped' }])
})

test('a block that only another protocol understands is dropped, and its turn with it', () => {
  const { body, losses } = sayBlocks({ type: 'opaque', protocol: 'openai-responses', value: { type: 'x' } })
  expect(body['messages']).toEqual([])
  expect(losses).toMatchObject([{ field: 'messages.0.content.0', action: 'dropped' }])
})

test('arguments that are no object are sent as text in one, and read back from there', () => {
  const { body, losses } = sayBlocks({ type: 'tool-call', id: 'a', name: 'b', input: '{"c":' })
  expect(body['messages']).toMatchObject([{ content: [{ input: { unparsed_arguments: '{"c":' } }] }])
  expect(losses).toMatchObject([{ field: 'messages.0.content.0.input', action: 'degraded' }])
  const { messages } = anthropicMessages.server.decodeRequest(body, {}).request
  expect(messages[0]?.content[0]).toMatchObject({ input: '{"c":' })
})

test('an empty text is not sent, for the API would refuse it', () => {
  const { body } = sayBlocks({ type: 'text', text: '' }, { type: 'tool-call', id: 'a', name: 'b', input: '{}' })
  expect(body['messages']).toEqual([
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', input: {} }] },
  ])
})

test("another protocol's own fields are not sent", () => {
  expect(say({ extras: { 'openai-chat': { store: true } } }).body).not.toHaveProperty('store')
})

test('the experiments that the client asked for are asked for in the header', () => {
  const { body, headers } = say({ extras: { 'anthropic-messages': { betas: ['a-1', 'b-2'], speed: 'fast' } } })
  expect(headers['anthropic-beta']).toBe('a-1,b-2')
  expect(body).toMatchObject({ speed: 'fast' })
  expect(body).not.toHaveProperty('betas')
})

test('a tool with a type of its own is sent without the schema that was filled in for it', () => {
  const tools = [{ type: 'bash_20250124', name: 'bash' }]
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], tools }
  expect(client.encodeRequest(anthropicMessages.server.decodeRequest(body, {})).body['tools']).toEqual(tools)
})

test('a tool that servers run goes to servers of this protocol as it came', () => {
  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }
  const tools = [{ name: 'look', input_schema: { type: 'object' } }, search]
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], tools }
  const said = client.encodeRequest(anthropicMessages.server.decodeRequest(body, {}))
  expect(said.body['tools']).toEqual(tools)
  expect(said.losses).toEqual([])
})

test('a conversation that goes on from turns kept elsewhere is refused, for it would lose them', () => {
  expect(() => say({ continuation: { type: 'continue', previousId: 'resp_1' } })).toThrow('send them all')
})

test('an upstream that never signs its reasoning gets it back unsigned', () => {
  const messages = [{ role: 'assistant', content: [{ type: 'thinking', text: 'hm' }] }] as const
  const { body } = client.encodeRequest(
    { request: { ...hello, messages }, isStreaming: false },
    { unsignedReasoning: 'accepted' },
  )
  expect(body['messages']).toEqual([
    { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: '' }] },
  ])
})

test('a field that an upstream refuses is left out, and told', () => {
  const request = { ...hello, sampling: { topK: 3 } }
  const { body, losses } = client.encodeRequest({ request, isStreaming: false }, { omittedFields: ['top_k'] })
  expect(body).not.toHaveProperty('top_k')
  expect(losses).toMatchObject([{ field: 'sampling.topK', action: 'dropped' }])
})
