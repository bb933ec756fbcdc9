import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { kinds } from '../../src/providers/registry.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import { never, provide, request, tell } from './ask.ts'

const rich: ModelRequest = {
  ...request,
  messages: [
    ...request.messages,
    { role: 'assistant', content: [{ type: 'tool-call', id: 'toolu_01Abc', name: 'f', input: '{}' }] },
    { role: 'user', content: [{ type: 'tool-result', callId: 'toolu_01Abc', content: [{ type: 'text', text: 'x' }] }] },
  ],
  sampling: { temperature: 0.5, topK: 3, seed: 7 },
}

/** What a kind is sent, and where. */
async function sent(kind: string, settings: object = {}) {
  await using upstream = await startUpstream({ status: 500 })
  const { backend } = provide({ kind, url: upstream.origin, isLocal: false, ...settings })
  await tell(backend.stream(rich, never))
  const [seen] = upstream.seen
  return { path: seen?.path, headers: seen?.headers, body: JSON.parse(seen?.body ?? 'null') as JsonObject }
}

test.each([
  ['openai', '', '/v1/chat/completions'],
  ['openai', '/v1/', '/v1/chat/completions'],
  ['openai-compatible', '', '/v1/chat/completions'],
  ['openai-compatible', '/llm/api', '/llm/api/chat/completions'],
  ['anthropic', '', '/v1/messages'],
  ['anthropic-compatible', '/anthropic', '/anthropic/v1/messages'],
  ['anthropic-compatible', '/anthropic/v1', '/anthropic/v1/messages'],
  ['openrouter', '', '/api/v1/chat/completions'],
  ['gemini', '', '/v1beta/openai/chat/completions'],
  ['fireworks', '', '/inference/v1/chat/completions'],
  ['azure-openai', '', '/openai/v1/chat/completions'],
  ['azure-openai', '/openai?api-version=2025-04-01', '/openai/deployments/m-1/chat/completions?api-version=2025-04-01'],
])('%s at “%s” is asked at %s', async (kind, path, wanted) => {
  await using upstream = await startUpstream({ status: 500 })
  await tell(provide({ kind, url: `${upstream.origin}${path}` }).backend.stream(request, never))
  expect(upstream.seen[0]?.path).toBe(wanted)
})

test('a kind is asked in the wire format that its owner chose', async () => {
  expect((await sent('openai', { protocol: 'openai-responses' })).path).toBe('/v1/responses')
  expect((await sent('ollama', { protocol: 'anthropic-messages' })).path).toBe('/v1/messages')
})

test('Mistral gets its own names of things', async () => {
  const { body } = await sent('mistral')
  expect(body).toMatchObject({ random_seed: 7, max_tokens: 100 })
  expect(body).not.toHaveProperty('stream_options')
  expect(JSON.stringify(body['messages'])).toMatch(/"tool_calls":\[\{"id":"[A-Za-z0-9]{9}"/)
})

test('Gemini is told which calls have no signature', async () => {
  const { body } = await sent('gemini')
  expect(JSON.stringify(body['messages'])).toContain('"thought_signature":"skip_thought_signature_validator"')
})

test('Anthropic gets its version', async () => {
  expect((await sent('anthropic')).headers).toMatchObject({ 'anthropic-version': '2023-06-01' })
})

test.each(kinds)('$id is sent none of the fields that it refuses', async ({ id, dialects }) => {
  for (const { protocol, compat } of dialects) {
    const { body } = await sent(id, { protocol })
    expect(Object.keys(body).filter(field => compat?.omittedFields?.includes(field))).toEqual([])
  }
})

test('what cannot be said to a provider is known before it is asked, and told with the answer', async () => {
  const answer = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: 'end_turn' }
  await using upstream = await startUpstream({ body: answer })
  const provider = provide({ kind: 'anthropic', url: upstream.origin })
  const losses = provider.backend.losses?.(rich) ?? []
  expect(losses.map(({ field }) => field)).toContain('sampling.seed')
  expect(upstream.seen).toEqual([])
  expect((await tell(provider.backend.stream(rich, never))).events[0]).toMatchObject({ losses })
})

test('tokens are counted where the answer would come from', async () => {
  await using upstream = await startUpstream({ body: { input_tokens: 42 } })
  const { backend } = provide({ kind: 'anthropic', url: upstream.origin })
  expect(await backend.countTokens?.(rich, never)).toBe(42)
  expect(upstream.seen[0]?.path).toBe('/v1/messages/count_tokens')
  expect(Object.keys(JSON.parse(upstream.seen[0]?.body ?? '{}') as JsonObject).sort()).toEqual(['messages', 'model'])
  expect(provide({ kind: 'openai' }).backend.countTokens).toBeUndefined()
})

test('a count that is none is a failure', async () => {
  await using upstream = await startUpstream({ body: { input_tokens: -1 } })
  const counted = provide({ kind: 'anthropic', url: upstream.origin }).backend.countTokens?.(request, never)
  await expect(counted).rejects.toMatchObject({ kind: 'unavailable' })
})

test('vectors come in the order of their texts', async () => {
  const data = [
    { index: 1, embedding: [3, 4] },
    { index: 0, embedding: [1, 2] },
  ]
  await using upstream = await startUpstream({ body: { data, usage: { prompt_tokens: 5 } } })
  const { backend } = provide({ kind: 'openai', url: upstream.origin })
  const made = await backend.embed?.({ model: 'e', texts: ['a', 'b'], dimensions: 2 }, never)
  expect(made).toEqual({ vectors: [Float32Array.of(1, 2), Float32Array.of(3, 4)], inputTokens: 5 })
  expect(JSON.parse(upstream.seen[0]?.body ?? '')).toEqual({
    model: 'e',
    input: ['a', 'b'],
    encoding_format: 'float',
    dimensions: 2,
  })
})

test.each([
  [[]],
  [[{ index: 7, embedding: [1] }]],
  [[{ index: 0, embedding: [] }]],
  [[{ index: 0, embedding: ['x'] }]],
  [[{ index: 0 }]],
])('what is no vector for each text is a failure: %j', async data => {
  await using upstream = await startUpstream({ body: { data } })
  const made = provide({ kind: 'openai', url: upstream.origin }).backend.embed?.({ model: 'e', texts: ['a'] }, never)
  await expect(made).rejects.toMatchObject({ kind: 'unavailable' })
})

test.each(['.', '..'])('a deployment that is called %j chooses no path', async model => {
  await using upstream = await startUpstream({ status: 500 })
  const { backend } = provide({ kind: 'azure-openai', url: `${upstream.origin}/openai?api-version=2025-04-01` })
  expect(await tell(backend.stream({ ...request, model }, never))).toMatchObject({ failure: { kind: 'not-found' } })
  expect(upstream.seen).toEqual([])
})
