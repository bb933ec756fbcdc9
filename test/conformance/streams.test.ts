import type Anthropic from '@anthropic-ai/sdk'
import { NotFoundError } from 'openai'
import { afterAll, describe, expect, test } from 'vitest'
import { checkAnthropicStream } from '../support/anthropic-grammar.ts'
import { checkChatStream } from '../support/chat-grammar.ts'
import { readAll } from '../support/read-all.ts'
import { anthropicKinds, failureOf, messageText, openOpenAI, wholeInput } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'
import { framesOf } from '../support/stream-frames.ts'

const served = await serveModels()
afterAll(() => served.close())

const messages = [{ role: 'user' as const, content: 'Hello' }]

const answers = Object.entries({
  'at its limit': { model: 'tiny', max_tokens: 24 },
  'at once': { model: 'tiny', max_tokens: 1 },
  'in prose': { model: 'starter', max_tokens: 24 },
  'in broken characters': { model: 'bytes', max_tokens: 120 },
  'with its context': { model: 'short', max_tokens: 1000 },
})

const letters = ['e', 'a', 'o', 'i']

describe.each(anthropicKinds)('$name', ({ open, errors }) => {
  const client = open(served.url)

  const framesFor = async (more: object) => {
    const body = { model: 'tiny', max_tokens: 24, messages, ...more, stream: true as const }
    return framesOf(await client.messages.create(body).asResponse())
  }

  test.each(answers)('[A30] a stream that ends %s is in grammar', async (_, more) => {
    expect(checkAnthropicStream(await framesFor(more))).toEqual([])
  })

  test('[A30] a stream that ends with a stop sequence is in grammar', async () => {
    const frames = await framesFor({ model: 'starter', max_tokens: 60, stop_sequences: letters })
    expect(checkAnthropicStream(frames)).toEqual([])
    expect(JSON.stringify(frames)).toContain('stop_sequence')
  })

  test('[A30] a stream of nothing is in grammar', async () => {
    const frames = await framesFor({ max_tokens: 0 })
    expect(checkAnthropicStream(frames)).toEqual([])
    expect(frames.map(frame => ('event' in frame ? frame.event : undefined))).toEqual([
      'message_start',
      'message_delta',
      'message_stop',
    ])
  })

  test('[A30] a stream of calls is in grammar', async () => {
    const schema = {
      type: 'object',
      properties: { wet: { type: 'boolean' } },
      required: ['wet'],
      additionalProperties: false,
    }
    const tools = [{ name: 'weather', input_schema: schema }]
    const frames = await framesFor({ model: 'starter', max_tokens: 200, tools, tool_choice: { type: 'any' } })
    expect(checkAnthropicStream(frames)).toEqual([])
    expect(JSON.stringify(frames)).toContain('input_json_delta')
  })

  test('[A31] a stream has the headers of one', async () => {
    const { response, request_id: requestId } = await client.messages
      .create({ model: 'tiny', max_tokens: 4, messages, stream: true })
      .withResponse()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream/),
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'request-id': requestId,
    })
    expect(requestId).toMatch(/^req_/)
    expect(response.headers.has('content-length')).toBe(false)
  })

  test('[A32] a stream begins with the length of the prompt and ends with that of the answer', async () => {
    const events: Anthropic.MessageStreamEvent[] = []
    const stream = await client.messages.create({ model: 'tiny', max_tokens: 9, messages, stream: true })
    for await (const event of stream) events.push(event)
    const counted = await client.messages.countTokens({ model: 'tiny', messages })
    const [first] = events
    const end = events.find(event => event.type === 'message_delta')
    expect(first?.type === 'message_start' && wholeInput(first.message.usage)).toBe(counted.input_tokens)
    expect(end?.usage.output_tokens).toBe(9)
  })

  test('[A32] a stream and a whole message say the same of the same', async () => {
    const body = { model: 'tiny', max_tokens: 7, messages }
    const whole = await client.messages.create(body)
    const streamed = await client.messages.stream(body).finalMessage()
    const shape = (message: Anthropic.Message) => ({
      input: wholeInput(message.usage),
      output: message.usage.output_tokens,
      types: message.content.map(({ type }) => type),
      reason: message.stop_reason,
      sequence: message.stop_sequence,
      model: message.model,
    })
    expect(shape(streamed)).toEqual(shape(whole))
  })

  test('[A33] the helper tells of text as it comes and gives the message', async () => {
    const texts: string[] = []
    const snapshots: string[] = []
    const stream = client.messages.stream({ model: 'tiny', max_tokens: 16, messages })
    stream.on('text', (text, snapshot) => {
      texts.push(text)
      snapshots.push(snapshot)
    })
    const message = await stream.finalMessage()
    expect(texts.length).toBeGreaterThan(1)
    expect(texts.join('')).toBe(messageText(message))
    expect(snapshots.at(-1)).toBe(await stream.finalText())
  })

  test('[A33] the helper knows the request', async () => {
    const stream = client.messages.stream({ model: 'tiny', max_tokens: 2, messages })
    const { request_id: requestId } = await stream.withResponse()
    await stream.done()
    expect(requestId).toMatch(/^req_/)
    expect(stream.request_id).toBe(requestId)
  })

  test('[A33] a beta stream gives the message, too', async () => {
    const stream = client.beta.messages.stream({ model: 'tiny', max_tokens: 5, messages })
    expect(await stream.finalMessage()).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 5 } })
  })

  test('[A34] events come in order, one kind after another', async () => {
    const kinds: string[] = []
    const stream = await client.messages.create({ model: 'tiny', max_tokens: 12, messages, stream: true })
    for await (const { type } of stream) if (kinds.at(-1) !== type) kinds.push(type)
    expect(kinds).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  test('[A35] a request that is wrong gets a status, not a stream', async () => {
    const wrong = { model: 'tiny', max_tokens: -1, messages, stream: true as const }
    const { status, headers } = await failureOf(client.messages.create(wrong), errors.BadRequestError)
    expect(status).toBe(400)
    expect(headers?.get('content-type')).toBe('application/json')
  })

  test('[A35] a stream of a model that does not exist gets a status', async () => {
    const stream = client.messages.stream({ model: 'none', max_tokens: 1, messages })
    expect((await failureOf(stream.finalMessage(), errors.NotFoundError)).status).toBe(404)
  })

  test('[A35] a prompt that is too long gets a status, not a stream', async () => {
    const long = [{ role: 'user' as const, content: 'long '.repeat(400) }]
    const asking = client.messages.create({ model: 'short', max_tokens: 1, messages: long, stream: true })
    expect((await failureOf(asking, errors.BadRequestError)).message).toContain('prompt is too long')
  })
})

describe('openai 7.57', () => {
  const client = openOpenAI(served.url)

  const framesFor = async (more: object) => {
    const body = { model: 'tiny', max_tokens: 24, messages, ...more, stream: true as const }
    return framesOf(await client.chat.completions.create(body).asResponse())
  }

  test.each(answers)('[C30] a stream that ends %s is in grammar', async (_, more) => {
    expect(checkChatStream(await framesFor(more))).toEqual([])
  })

  test.each(answers)('[C30] a counted stream that ends %s is in grammar', async (_, more) => {
    expect(checkChatStream(await framesFor({ ...more, stream_options: { include_usage: true } }))).toEqual([])
  })

  test('[C30] a stream that ends with a stop sequence is in grammar', async () => {
    const frames = await framesFor({ model: 'starter', max_tokens: 60, stop: letters })
    expect(checkChatStream(frames)).toEqual([])
    expect(JSON.stringify(frames)).toContain('stop_reason')
  })

  test('[C30] a stream of calls is in grammar', async () => {
    const schema = {
      type: 'object',
      properties: { wet: { type: 'boolean' } },
      required: ['wet'],
      additionalProperties: false,
    }
    const tools = [{ type: 'function', function: { name: 'weather', parameters: schema } }]
    const frames = await framesFor({ model: 'starter', max_tokens: 200, tools, tool_choice: 'required' })
    expect(checkChatStream(frames)).toEqual([])
    expect(JSON.stringify(frames)).toContain('tool_calls')
  })

  test('[C31] a stream has the headers of one', async () => {
    const { response } = await client.chat.completions
      .create({ model: 'tiny', max_tokens: 4, messages, stream: true })
      .withResponse()
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream/),
      'cache-control': 'no-cache',
      'x-request-id': expect.stringMatching(/^req_/),
    })
  })

  test('[C32] a stream counts tokens only for who asks', async () => {
    const plain = await client.chat.completions.create({ model: 'tiny', max_tokens: 3, messages, stream: true })
    for await (const chunk of plain) expect(chunk.usage).toBeUndefined()
    const counted = await client.chat.completions.create({
      model: 'tiny',
      max_tokens: 3,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const usages = (await readAll(counted)).map(({ usage }) => usage)
    expect(usages.at(-1)).toMatchObject({ completion_tokens: 3 })
    expect(usages.slice(0, -1).filter(usage => usage !== null)).toEqual([])
  })

  test('[C33] the helper tells of content as it comes and gives the completion', async () => {
    const contents: string[] = []
    const stream = client.chat.completions.stream({ model: 'tiny', max_tokens: 16, messages })
    stream.on('content', content => contents.push(content))
    const { choices } = await stream.finalChatCompletion()
    expect(contents.length).toBeGreaterThan(1)
    expect(contents.join('')).toBe(choices[0]?.message.content)
    expect(await stream.finalContent()).toBe(choices[0]?.message.content)
  })

  test('[C33] the helper gives the counts that were asked for', async () => {
    const stream = client.chat.completions.stream({
      model: 'tiny',
      max_tokens: 5,
      messages,
      stream_options: { include_usage: true },
    })
    const usage = await stream.totalUsage()
    expect(usage).toMatchObject({ completion_tokens: 5, total_tokens: usage.prompt_tokens + 5 })
  })

  test('[C34] the first chunk has the role, the last the reason', async () => {
    const stream = await client.chat.completions.create({ model: 'tiny', max_tokens: 6, messages, stream: true })
    const chunks = await readAll(stream)
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.at(-1)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'length' })
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1)
  })

  test('[C35] a request that is wrong gets a status, not a stream', async () => {
    const asking = client.chat.completions.create({ model: 'none', messages, stream: true })
    const error = await failureOf(asking, NotFoundError)
    expect(error).toMatchObject({ status: 404, code: 'model_not_found' })
  })
})
