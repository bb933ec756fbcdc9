import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { afterAll, expect, test } from 'vitest'
import * as z from 'zod'
import { checkResponsesStream } from '../support/responses-grammar.ts'
import { failureOf, openOpenAI } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'
import { framesOf } from '../support/stream-frames.ts'

const served = await serveModels({ slots: 1 })
afterAll(() => served.close())

const { responses } = openOpenAI(served.url)
const hello = { model: 'tiny', max_output_tokens: 8, input: 'Hello' } as const
/* Too short to be kept when another conversation comes, unless somebody wants it kept. */
const story = 'The tide comes in and the boats go out again, all of them. '.repeat(2)

const place = {
  type: 'object',
  properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
}
const weather = { type: 'function', name: 'weather', parameters: place, strict: true } as const

function callIn(output: readonly OpenAI.Responses.ResponseOutputItem[]) {
  return output.find(item => item.type === 'function_call')
}

test('[R01] a response has the fields of one, and counts that add up', async () => {
  const { id, output, usage, ...rest } = await responses.create({ ...hello, metadata: { a: 'b' } })
  expect(id).toMatch(/^resp_/)
  expect(rest).toMatchObject({
    object: 'response',
    model: 'tiny',
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    error: null,
    metadata: { a: 'b' },
    tools: [],
    parallel_tool_calls: true,
  })
  expect(output).toMatchObject([{ type: 'message', role: 'assistant', content: [{ type: 'output_text' }] }])
  expect(usage).toMatchObject({ output_tokens: 8, total_tokens: (usage?.input_tokens ?? 0) + 8 })
})

test('[R02] text is the same as a string, as a message and as a part', async () => {
  const counts = [
    hello.input,
    [{ role: 'user' as const, content: 'Hello' }],
    [{ type: 'message' as const, role: 'user' as const, content: [{ type: 'input_text' as const, text: 'Hello' }] }],
  ].map(async input => (await responses.create({ ...hello, input })).usage?.input_tokens)
  expect(new Set(await Promise.all(counts)).size).toBe(1)
})

test('[R03] instructions and a message of the developer instruct alike', async () => {
  const beside = await responses.create({ ...hello, instructions: 'Be brief.' })
  const within = await responses.create({
    ...hello,
    input: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ],
  })
  expect(within.usage?.input_tokens).toBe(beside.usage?.input_tokens)
})

test('[R10] the events of a stream come in the one order that clients read', async () => {
  const body = { ...hello, stream: true } as const
  expect(checkResponsesStream(await framesOf(await responses.create(body).asResponse()))).toEqual([])
  const called = { ...body, tools: [weather], tool_choice: 'required' as const, max_output_tokens: 200 }
  expect(checkResponsesStream(await framesOf(await responses.create(called).asResponse()))).toEqual([])
})

test('[R11] a tool that must be called is called, as its schema says, streamed and not', async () => {
  const body = {
    ...hello,
    max_output_tokens: 200,
    tools: [weather],
    tool_choice: { type: 'function' as const, name: 'weather' },
  }
  const whole = await responses.create(body)
  const streamed = await responses.stream(body).finalResponse()
  for (const { output, status } of [whole, streamed]) {
    expect(status).toBe('completed')
    const call = callIn(output)
    expect(call).toMatchObject({ name: 'weather', status: 'completed' })
    expect(['Paris', 'Rome']).toContain((JSON.parse(call?.arguments ?? '') as { city: string }).city)
  }
})

test('[R11] a custom tool is called with its text', async () => {
  const { output } = await responses.create({
    ...hello,
    max_output_tokens: 400,
    tools: [{ type: 'custom', name: 'shout', description: 'Says it loud.' }, { type: 'web_search' }],
    tool_choice: { type: 'custom', name: 'shout' },
  })
  expect(output.find(item => item.type === 'custom_tool_call')).toMatchObject({
    name: 'shout',
    input: expect.any(String),
  })
})

test('[R12] calls, their results and reasoning go back as they came', async () => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' } as const
  const input = [
    { role: 'user' as const, content: 'How is it?' },
    { type: 'reasoning' as const, id: 'rs_1', summary: [], encrypted_content: 'gAAAA' },
    call,
    { type: 'function_call_output' as const, call_id: 'call_1', output: 'Sunny in Rome today' },
  ]
  const { usage } = await responses.create({ ...hello, input, tools: [weather] })
  const short = await responses.create({ ...hello, input: input.slice(0, 1), tools: [weather] })
  expect(usage?.input_tokens).toBeGreaterThan(short.usage?.input_tokens ?? Infinity)
})

test('[R13] an answer has the shape that was asked for, and the helper reads it', async () => {
  const format = zodTextFormat(z.object({ city: z.enum(['Paris', 'Rome']) }), 'place')
  const parsed = await responses.parse({ ...hello, max_output_tokens: 200, text: { format } })
  expect(['Paris', 'Rome']).toContain(parsed.output_parsed?.city)
})

test('[R14] each token comes with its log-probability where that is asked for', async () => {
  const { output } = await responses.create({
    ...hello,
    include: ['message.output_text.logprobs'],
    top_logprobs: 2,
  })
  const [message] = output
  const [part] = message?.type === 'message' ? message.content : []
  const logprobs = part?.type === 'output_text' ? (part.logprobs ?? []) : []
  expect(logprobs.length).toBeGreaterThan(0)
  expect(logprobs[0]?.top_logprobs).toHaveLength(2)
})

test('[R20] a response is stored, told, listed and forgotten', async () => {
  const { id, output } = await responses.create(hello)
  expect((await responses.retrieve(id)).output).toEqual(output)
  expect((await responses.inputItems.list(id)).data).toMatchObject([{ role: 'user' }])
  await responses.delete(id)
  await failureOf(responses.retrieve(id), OpenAI.NotFoundError)
})

test('[R21] a turn that goes on from a stored response costs only its new tokens, also after another conversation', async () => {
  const first = await responses.create({ ...hello, input: story })
  const { input_tokens: asked = 0, output_tokens: answered = 0 } = first.usage ?? {}
  expect(asked + answered).toBeLessThan(256)
  await responses.create({ ...hello, input: 'Something else, from another client. '.repeat(40), store: false })
  const second = await responses.create({ ...hello, input: 'Why?', previous_response_id: first.id })
  const { input_tokens = 0, input_tokens_details: details } = second.usage ?? {}
  expect(input_tokens).toBeGreaterThan(asked + answered)
  // What is drawn at random may be spelled with other tokens when it is read again: only its beginning is sure to be kept.
  expect(details?.cached_tokens).toBeGreaterThan(asked)
  expect(second.previous_response_id).toBe(first.id)
})

test('[R21] going on from a stored response is the same as sending the whole conversation', async () => {
  const first = await responses.create({ ...hello, input: 'I am Ada.' })
  const items = [
    { role: 'user' as const, content: 'I am Ada.' },
    ...first.output,
    { role: 'user' as const, content: 'Who?' },
  ]
  const sent = await responses.create({ ...hello, temperature: 0, input: items as OpenAI.Responses.ResponseInput })
  const named = await responses.create({ ...hello, temperature: 0, input: 'Who?', previous_response_id: first.id })
  expect(named.output_text).toBe(sent.output_text)
  expect(named.usage?.input_tokens).toBe(sent.usage?.input_tokens)
})

test('[R22] a response that is not stored cannot be gone on from, which is told by its code', async () => {
  const { id } = await responses.create({ ...hello, store: false })
  const asking = responses.create({ ...hello, previous_response_id: id })
  expect(await failureOf(asking, OpenAI.BadRequestError)).toMatchObject({ code: 'previous_response_not_found' })
})

test('[R23] tokens are counted as the same request then reports them', async () => {
  const { input_tokens } = await responses.inputTokens.count({ model: 'tiny', input: story, tools: [weather] })
  expect(input_tokens).toBe((await responses.create({ ...hello, input: story, tools: [weather] })).usage?.input_tokens)
})
