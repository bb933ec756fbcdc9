import OpenAI from 'openai'
import { afterAll, expect, test } from 'vitest'
import { failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'

const served = await serveModels()
afterAll(() => served.close())

const client = openOpenAI(served.url)
const messages = [{ role: 'user', content: 'Hello' }]
const place = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
}
const weather = { type: 'function', function: { name: 'weather', parameters: place } }
const tides = { type: 'function', function: { name: 'tides', parameters: place } }

function readArguments(call: OpenAI.ChatCompletionMessageToolCall): unknown {
  return call.type === 'function' ? JSON.parse(call.function.arguments) : undefined
}

/* Much of what is asked here is wrong on purpose, or other servers' words. */
const ask = (more: object): Promise<OpenAI.ChatCompletion & { _request_id?: string | null }> =>
  client.chat.completions.create({ model: 'tiny', max_tokens: 8, messages, ...more } as never)
const refusal = (more: object) => failureOf(ask(more), OpenAI.BadRequestError)
const promptTokens = async (more: object) => (await ask(more)).usage?.prompt_tokens ?? -1

test('[C01] a completion has the fields of one', async () => {
  const { id, created, choices, usage, ...rest } = await ask({})
  expect(rest).toEqual({ object: 'chat.completion', model: 'tiny' })
  expect(id).toMatch(/^chatcmpl-/)
  expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(60)
  expect(choices).toEqual([
    {
      index: 0,
      message: { role: 'assistant', content: expect.stringMatching(/./), refusal: null },
      logprobs: null,
      finish_reason: 'length',
    },
  ])
  expect(usage).toMatchObject({ completion_tokens: 8, total_tokens: (usage?.prompt_tokens ?? 0) + 8 })
})

test('[C01] each completion has an id and a request id of its own', async () => {
  const [one, two] = await Promise.all([ask({}), ask({})])
  expect(one.id).not.toBe(two.id)
  expect(one._request_id).toMatch(/^req_/)
  expect(one._request_id).not.toBe(two._request_id)
})

test('[C01] what was read from the cache is counted within the prompt', async () => {
  const content = 'The tide comes in. '.repeat(40)
  const before = await ask({ messages: [{ role: 'user', content }] })
  const after = await ask({ messages: [{ role: 'user', content }] })
  expect(after.usage?.prompt_tokens).toBe(before.usage?.prompt_tokens)
  expect(after.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
})

test('[C02] a developer instructs as the system does', async () => {
  const instructed = (role: string) => promptTokens({ messages: [{ role, content: 'Be brief.' }, ...messages] })
  expect(await instructed('developer')).toBe(await instructed('system'))
})

test('[C02] instructions between the turns are part of the prompt', async () => {
  const turns = [...messages, { role: 'assistant', content: 'Hi' }]
  const without = await promptTokens({ messages: [...turns, ...messages] })
  expect(
    await promptTokens({ messages: [...turns, { role: 'system', content: 'Go on.' }, ...messages] }),
  ).toBeGreaterThan(without)
})

test('[C03] text is the same as a string or as a part', async () => {
  const asPart = await promptTokens({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] })
  expect(asPart).toBe(await promptTokens({}))
})

test('[C04] calls of tools and their results are part of the prompt', async () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }
  const turns = [
    ...messages,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain '.repeat(30) },
  ]
  expect(await promptTokens({ messages: turns, tools: [weather] })).toBeGreaterThan((await promptTokens({})) + 30)
})

test('[C05] the limit has the same meaning under both of its names', async () => {
  const old = await ask({ max_tokens: 3 })
  const current = await ask({ max_tokens: undefined, max_completion_tokens: 3 })
  expect([old, current].map(({ usage }) => usage?.completion_tokens)).toEqual([3, 3])
})

test('[C05] without a limit an answer goes on to the end of the context', async () => {
  const { usage, choices } = await ask({ model: 'short', max_tokens: undefined })
  expect(usage?.total_tokens).toBe(256)
  expect(choices[0]?.finish_reason).toBe('length')
})

test('[C06] a stop sequence may be a string', async () => {
  const { choices } = await ask({ model: 'starter', max_tokens: 60, stop: ' ' })
  expect(choices[0]).toMatchObject({ finish_reason: 'stop', stop_reason: ' ' })
  expect(choices[0]?.message.content).not.toContain(' ')
})

test('[C06] no stop sequence is as good as an empty list of them', async () => {
  expect((await ask({ stop: [] })).choices[0]?.finish_reason).toBe('length')
  expect((await ask({ stop: null })).choices[0]?.finish_reason).toBe('length')
})

test('[C07] one answer may be asked for, and no more', async () => {
  expect((await ask({ n: 1 })).choices).toHaveLength(1)
  const error = await refusal({ n: 2 })
  expect(error).toMatchObject({ status: 400, param: 'n' })
})

test('[C08] each token of an answer comes with its log-probability, and the likeliest in its place', async () => {
  const { choices } = await ask({ model: 'starter', logprobs: true, top_logprobs: 2 })
  const tokens = choices[0]?.logprobs?.content ?? []
  expect(tokens.map(({ token }) => token).join('')).toBe(choices[0]?.message.content)
  for (const { token, bytes, logprob, top_logprobs: top } of tokens) {
    expect(Buffer.from(bytes ?? []).toString('utf8')).toBe(token)
    expect(logprob).toBeLessThanOrEqual(0)
    expect(top).toHaveLength(2)
    expect(top[0]?.logprob).toBeGreaterThanOrEqual(Math.max(logprob, top[1]?.logprob ?? 0))
  }
})

test('[C08] a stream gives the log-probabilities with their text', async () => {
  const body = { model: 'bytes', max_tokens: 40, messages, logprobs: true, top_logprobs: 0 }
  const completion = await client.chat.completions.stream(body as never).finalChatCompletion()
  const bytes = completion.choices[0]?.logprobs?.content?.flatMap(({ bytes }) => bytes ?? []) ?? []
  expect(Buffer.from(bytes).toString('utf8')).toBe(completion.choices[0]?.message.content)
})

test('[C08] without the wish for them there are none', async () => {
  expect((await ask({})).choices[0]?.logprobs).toBeNull()
  expect((await ask({ logprobs: false, top_logprobs: 0 })).choices[0]?.logprobs).toBeNull()
})

test('[C09] tools may be sent, and are part of the prompt', async () => {
  const { choices, usage } = await ask({ tools: [weather], tool_choice: 'auto' })
  expect(choices[0]?.message.content).toMatch(/./)
  expect(usage?.prompt_tokens).toBeGreaterThan(await promptTokens({}))
})

test('[C09] tools that must not be called are not shown to the model', async () => {
  expect(await promptTokens({ tools: [weather], tool_choice: 'none' })).toBe(await promptTokens({}))
})

const forced = { model: 'starter', max_tokens: 200, parallel_tool_calls: false, tools: [weather, tides] }
const named = { type: 'function', function: { name: 'tides' } }

test('[C10] a tool that must be called is called, as its schema says', async () => {
  const { choices } = await ask({ ...forced, tool_choice: named })
  expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
  const calls = choices[0]?.message.tool_calls ?? []
  expect(calls).toMatchObject([{ type: 'function', function: { name: 'tides' } }])
  expect(calls.map(readArguments)).toEqual([{ city: expect.stringMatching(/^(Paris|Rome)$/) }])
})

test('[C10] some tool is called where one must be', async () => {
  const { choices } = await ask({ ...forced, tool_choice: 'required' })
  expect(choices[0]?.finish_reason).toBe('tool_calls')
  expect(choices[0]?.message.tool_calls).toHaveLength(1)
})

test('[C10] a streamed call is put together from its pieces', async () => {
  const body = { ...forced, messages, tool_choice: named }
  const { choices } = await client.chat.completions.stream(body as never).finalChatCompletion()
  const calls = choices[0]?.message.tool_calls ?? []
  expect(calls.map(readArguments)).toEqual([{ city: expect.stringMatching(/^(Paris|Rome)$/) }])
  expect(choices[0]?.finish_reason).toBe('tool_calls')
})

test.each(['auto', 'none'])('[C10] a tool choice of %s asks for nothing that cannot be kept', async choice => {
  expect((await ask({ tools: [weather], tool_choice: choice, parallel_tool_calls: false })).choices).toHaveLength(1)
})

const unseen = [
  { what: 'an image', type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
  { what: 'an image', type: 'image_url', image_url: { url: 'https://sea.example/a.png' } },
  { what: 'input_audio', type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
  {
    what: 'application/pdf',
    type: 'file',
    file: { file_data: 'data:application/pdf;base64,JVBERi0=', filename: 'a.pdf' },
  },
  { what: 'a document given by file', type: 'file', file: { file_id: 'file_1' } },
]

test.each(unseen)('[C11] what the model cannot be shown is refused and named: $what', async ({ what, ...part }) => {
  const error = await refusal({ messages: [{ role: 'user', content: [part] }] })
  expect(error.message).toContain(what)
})

const tolerated = [
  { user: 'u-1' },
  { safety_identifier: 'u-1' },
  { store: true },
  { metadata: { team: 'sea' } },
  { service_tier: 'auto' },
  { prompt_cache_key: 'k' },
  { verbosity: 'low' },
  { reasoning_effort: 'minimal' },
  { prediction: { type: 'content', content: 'Hello' } },
  { modalities: ['text'] },
  { frequency_penalty: 1, presence_penalty: -1 },
  { response_format: { type: 'text' } },
  { tools: [] },
  { some_field_of_tomorrow: { deep: [1] } },
]

test.each(tolerated)('[C12] a field that changes nothing here is tolerated: %o', async more => {
  expect((await ask(more)).choices).toHaveLength(1)
})

test('[C14] an answer has the shape that was asked for', async () => {
  const format = { type: 'json_schema', json_schema: { name: 'place', schema: place, strict: true } }
  const { choices } = await ask({ model: 'starter', max_tokens: 100, response_format: format })
  expect(choices[0]?.finish_reason).toBe('stop')
  expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ city: expect.stringMatching(/^(Paris|Rome)$/) })
})

test('[C14] an answer may be asked for as any object', async () => {
  const { choices } = await ask({ model: 'starter', max_tokens: 30, response_format: { type: 'json_object' } })
  expect(choices[0]?.message.content).toMatch(/^\s*\{/)
})

const wrong = [
  { param: 'model', code: 'missing_required_parameter', model: undefined },
  { param: 'messages', code: 'missing_required_parameter', messages: undefined },
  { param: 'messages', messages: [] },
  { param: 'messages', code: 'invalid_type', messages: 'Hello' },
  { param: 'messages.0.role', messages: [{ role: 'pirate', content: 'Hello' }] },
  { param: 'messages.0.content', code: 'missing_required_parameter', messages: [{ role: 'user' }] },
  { param: 'messages.0.content', code: 'invalid_type', messages: [{ role: 'user', content: 7 }] },
  { param: 'messages.0.content.0.type', messages: [{ role: 'user', content: [{ type: 'hologram' }] }] },
  { param: 'messages.0.content.0.text', messages: [{ role: 'user', content: [{ type: 'text' }] }] },
  { param: 'messages.0.tool_call_id', messages: [{ role: 'tool', content: 'x' }] },
  { param: 'max_tokens', max_tokens: 0 },
  { param: 'max_tokens', code: 'invalid_type', max_tokens: '8' },
  { param: 'max_completion_tokens', max_completion_tokens: -1 },
  { param: 'temperature', temperature: 2.5 },
  { param: 'temperature', code: 'invalid_type', temperature: 'hot' },
  { param: 'top_p', top_p: 1.5 },
  { param: 'stop', stop: ['a', 'b', 'c', 'd', 'e'] },
  { param: 'stop', stop: '' },
  { param: 'seed', seed: 1.5 },
  { param: 'top_logprobs', top_logprobs: 2 },
  { param: 'top_logprobs', logprobs: true, top_logprobs: 21 },
  { param: 'frequency_penalty', frequency_penalty: 3 },
  { param: 'logit_bias', logit_bias: { sea: 1 } },
  { param: 'functions', functions: [{ name: 'weather' }] },
  { param: 'modalities.1', modalities: ['text', 'audio'] },
  { param: 'tools.0.function', code: 'missing_required_parameter', tools: [{ type: 'function' }] },
  { param: 'tool_choice', tools: [weather], tool_choice: 'perhaps' },
  { param: 'reasoning_effort', reasoning_effort: 'heroic' },
  { param: 'response_format.type', response_format: { type: 'poem' } },
  { param: 'stream', code: 'invalid_type', stream: 'yes' },
]

test.each(wrong)('[C13] what is wrong is refused by its field: $param', async ({ param, code, ...more }) => {
  const error = await refusal(more)
  expect(error).toMatchObject({
    status: 400,
    param,
    type: 'invalid_request_error',
    ...(code !== undefined && { code }),
  })
  expect(error.message).toContain(param)
})
