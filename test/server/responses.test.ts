import OpenAI from 'openai'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ModelEvent } from '../../src/core/events.ts'
import { ModelError } from '../../src/core/errors.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { Secret } from '../../src/core/secret.ts'
import { decodeSse } from '../../src/protocols/sse.ts'
import { checkResponsesStream } from '../support/responses-grammar.ts'
import { readAll } from '../support/read-all.ts'
import { keptResponses } from '../support/kept-responses.ts'
import { begins, gate, says, scripted, text } from '../support/scripted-backend.ts'
import type { ScriptedOptions, Step } from '../support/scripted-backend.ts'
import { openOpenAI } from '../support/sdk-clients.ts'
import { start } from '../support/start-server.ts'
import type { StartOptions } from '../support/start-server.ts'

async function serve(steps: ScriptedOptions['steps'] = says('Hel', 'lo'), options: StartOptions = {}) {
  const kept = await keptResponses()
  onTestFinished(() => kept[Symbol.asyncDispose]())
  const backend = scripted({ steps, inputTokens: 3 })
  const started = await start({ backends: [backend], responses: kept.service, ...options })
  const url = `http://127.0.0.1:${started.port}`
  return { ...started, backend, url, client: openOpenAI(url, { key: 'one' }) }
}

async function framesOf(url: string, body: object) {
  const reply = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'Hi', stream: true, ...body }),
  })
  expect(reply.headers.get('content-type')).toMatch('text/event-stream')
  return readAll(decodeSse(reply.body ?? new ReadableStream()))
}

const typesIn = (frames: Awaited<ReturnType<typeof framesOf>>) =>
  frames.map(frame => ('event' in frame ? frame.event : ''))

test('a response is stored, found, listed and forgotten', async () => {
  const { client } = await serve()
  const made = await client.responses.create({ model: 'm', input: 'Hi', metadata: { a: 'b' } })
  expect(made).toMatchObject({ status: 'completed', store: true, output_text: 'Hello', metadata: { a: 'b' } })
  expect(await client.responses.retrieve(made.id)).toMatchObject({ id: made.id, output: made.output })
  const items = await client.responses.inputItems.list(made.id)
  expect(items.data).toMatchObject([{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }])
  await client.responses.delete(made.id)
  await expect(client.responses.retrieve(made.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
})

test('a request goes on from a stored response with all that was said, and without its instructions', async () => {
  const { client, backend } = await serve()
  const first = await client.responses.create({ model: 'm', input: 'One', instructions: 'Be brief.' })
  const second = await client.responses.create({ model: 'm', input: 'Two', previous_response_id: first.id })
  await client.responses.create({ model: 'm', input: 'Three', previous_response_id: second.id })
  expect(backend.requests[2]?.system).toEqual([])
  const said = backend.requests[2]?.messages.map(({ role, content }) => [role, content.map(b => 'text' in b && b.text)])
  expect(said).toEqual([
    ['user', ['One']],
    ['assistant', ['Hello']],
    ['user', ['Two']],
    ['assistant', ['Hello']],
    ['user', ['Three']],
  ])
})

test('an item of a stored response may be named instead of sent', async () => {
  const { client, backend } = await serve()
  const { output } = await client.responses.create({ model: 'm', input: 'One' })
  const id = output[0]?.id ?? ''
  await client.responses.create({
    model: 'm',
    input: [
      { type: 'item_reference', id },
      { role: 'user', content: 'Two' },
    ],
  })
  expect(backend.requests[1]?.messages[0]).toMatchObject({ role: 'assistant', content: [{ text: 'Hello' }] })
  await expect(
    client.responses.create({ model: 'm', input: [{ type: 'item_reference', id: 'msg_x_0' }] }),
  ).rejects.toMatchObject({ status: 400, param: 'input.0.id' })
})

test('what was named is there for whoever goes on from the request that named it', async () => {
  const { client, backend } = await serve()
  const { output } = await client.responses.create({ model: 'm', input: 'One' })
  const named = { type: 'item_reference' as const, id: output[0]?.id ?? '' }
  const second = await client.responses.create({ model: 'm', input: [named, { role: 'user', content: 'Two' }] })
  await client.responses.create({ model: 'm', input: 'Three', previous_response_id: second.id })
  const said = backend.requests[2]?.messages.flatMap(({ content }) => content.map(b => 'text' in b && b.text))
  expect(said).toEqual(['Hello', 'Two', 'Hello', 'Three'])
})

test('a conversation that has no room beside the requests under way is told to come back', async () => {
  const stays = [...begins(), text('a'), { gate: gate().gate }]
  const steps = ({ maxTokens }: ModelRequest) => (maxTokens === 7 ? stays : says('Hello'))
  const { client, backend } = await serve(steps, { limits: { maxBytesInFlight: 4000 } })
  const input = 'x'.repeat(2500)
  const { id } = await client.responses.create({ model: 'm', input })
  const stream = await client.responses.create({ model: 'm', input, max_output_tokens: 7, store: false, stream: true })
  const going = { model: 'm', input: 'Hi', previous_response_id: id }
  await expect(client.responses.create(going)).rejects.toMatchObject({ status: 429, code: 'overloaded' })
  await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 429, code: 'overloaded' })
  stream.controller.abort()
  await backend.ended(2)
  await expect.poll(() => client.responses.create(going)).toMatchObject({ previous_response_id: id })
})

test('what is not to be stored is not, and cannot be gone on from', async () => {
  const { client } = await serve()
  const { id } = await client.responses.create({ model: 'm', input: 'Hi', store: false })
  await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  await expect(client.responses.create({ model: 'm', input: 'Hi', previous_response_id: id })).rejects.toMatchObject({
    status: 400,
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  })
})

test('an id with a zero in it is no stored response', async () => {
  const { client } = await serve()
  const { id } = await client.responses.create({ model: 'm', input: 'Hi' })
  const wrong = `${id}\0`
  await expect(client.responses.create({ model: 'm', input: 'Hi', previous_response_id: wrong })).rejects.toMatchObject(
    {
      status: 400,
      code: 'previous_response_not_found',
    },
  )
})

test('a server that stores nothing says so, and answers', async () => {
  const { port } = await start({ backends: [scripted({ steps: says('Hello') })] })
  const { responses } = openOpenAI(`http://127.0.0.1:${port}`)
  const made = await responses.create({ model: 'm', input: 'Hi' })
  expect(made).toMatchObject({ store: false })
  await expect(responses.create({ model: 'm', input: 'Hi', previous_response_id: made.id })).rejects.toThrow(
    /this server stores no responses/,
  )
})

test('the responses of one key are nobody else’s', async () => {
  const { client, url } = await serve(says('Hello'), { keys: ['one', 'two'] })
  const other = openOpenAI(url, { key: 'two' })
  const { id, output } = await client.responses.create({ model: 'm', input: 'Hi' })
  await expect(other.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  await expect(other.responses.inputItems.list(id)).rejects.toMatchObject({ status: 404 })
  await expect(other.responses.delete(id)).rejects.toMatchObject({ status: 404 })
  const named = { type: 'item_reference' as const, id: output[0]?.id ?? '' }
  await expect(other.responses.create({ model: 'm', input: [named] })).rejects.toMatchObject({ status: 400 })
  await expect(other.responses.create({ model: 'm', input: 'x', previous_response_id: id })).rejects.toMatchObject({
    status: 400,
  })
  expect(await client.responses.retrieve(id)).toMatchObject({ id })
})

test('a key without a name keeps its responses when its place changes, and none passes to another key', async () => {
  const kept = await keptResponses()
  onTestFinished(() => kept[Symbol.asyncDispose]())
  const { client } = await serve(says('Hello'), { keys: ['gone', 'one'], responses: kept.service })
  const { id } = await client.responses.create({ model: 'm', input: 'Hi' })
  const { url } = await serve(says('Hello'), { keys: ['one', 'two'], responses: kept.service })
  await expect(openOpenAI(url, { key: 'two' }).responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  expect(await openOpenAI(url, { key: 'one' }).responses.retrieve(id)).toMatchObject({ id })
})

test('a key with a name keeps its responses under another secret', async () => {
  const kept = await keptResponses()
  onTestFinished(() => kept[Symbol.asyncDispose]())
  const laptop = (key: string) => ({ name: 'laptop', key: new Secret(key) })
  const { client } = await serve(says('Hello'), { keys: [laptop('one')], responses: kept.service })
  const { id } = await client.responses.create({ model: 'm', input: 'Hi' })
  const keys = [{ name: 'tablet', key: new Secret('one') }, laptop('two')]
  const { client: tablet, url } = await serve(says('Hello'), { keys, responses: kept.service })
  expect(await openOpenAI(url, { key: 'two' }).responses.retrieve(id)).toMatchObject({ id })
  await expect(tablet.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
})

test('without keys, stored responses are of all who may connect, and of no key afterwards', async () => {
  const kept = await keptResponses()
  onTestFinished(() => kept[Symbol.asyncDispose]())
  const { client, url } = await serve(says('Hello'), { responses: kept.service })
  const { id } = await client.responses.create({ model: 'm', input: 'Hi' })
  expect(await openOpenAI(url, { key: 'two' }).responses.retrieve(id)).toMatchObject({ id })
  const { client: keyed } = await serve(says('Hello'), { keys: ['one'], responses: kept.service })
  await expect(keyed.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
})

test('input items come in pages, the last first', async () => {
  const { client } = await serve()
  const input = ['a', 'b', 'c'].map(content => ({ role: 'user' as const, content }))
  const { id } = await client.responses.create({ model: 'm', input })
  const contents: unknown[] = []
  for await (const item of client.responses.inputItems.list(id, { limit: 2 }))
    contents.push('content' in item && item.content)
  expect(contents).toEqual(['c', 'b', 'a'])
  const first = await client.responses.inputItems.list(id, { limit: 1, order: 'asc' })
  expect(first.data).toMatchObject([{ content: 'a' }])
})

test('items are named by the ids that their client or a tool elsewhere gave them, by nobody else', async () => {
  const search = { type: 'web_search_call', id: 'ws_68f1', status: 'completed' }
  const block = { type: 'opaque', protocol: 'openai-responses', value: search } as const
  const steps: readonly Step[] = [
    ...begins(),
    { type: 'block-start', index: 0, block },
    { type: 'block-end', index: 0 },
    { type: 'end', stop: { reason: 'end-turn' }, usage: { outputTokens: 1 } },
  ]
  const { client, url, backend } = await serve(steps, { keys: ['one', 'two'] })
  const own = { type: 'message' as const, role: 'user' as const, content: 'Two', id: 'msg_of_mine_1' }
  const { id, output } = await client.responses.create({ model: 'm', input: [own] })
  expect(output).toMatchObject([{ id: 'ws_68f1' }])
  const named = ['msg_of_mine_1', 'ws_68f1'].map(item => ({ type: 'item_reference' as const, id: item }))
  await client.responses.create({ model: 'm', input: named, store: false })
  expect(backend.requests[1]?.messages).toMatchObject([
    { role: 'user', content: [{ text: 'Two' }] },
    { role: 'assistant', content: [{ value: { id: 'ws_68f1' } }] },
  ])
  const other = openOpenAI(url, { key: 'two' })
  await expect(other.responses.create({ model: 'm', input: named })).rejects.toMatchObject({ status: 400 })
  await client.responses.delete(id)
  await expect(client.responses.create({ model: 'm', input: named })).rejects.toMatchObject({ status: 400 })
})

test('a small request cannot become a huge one by naming an item again and again', async () => {
  const { client, backend } = await serve()
  const large = { type: 'message' as const, role: 'user' as const, content: 'x'.repeat(1_000_000), id: 'large' }
  await client.responses.create({ model: 'm', input: [large] })
  const named = (times: number) =>
    Array.from({ length: times }, () => ({ type: 'item_reference' as const, id: 'large' }))
  await client.responses.create({ model: 'm', input: named(3), store: false })
  expect(backend.requests[1]?.messages).toHaveLength(3)
  await expect(client.responses.create({ model: 'm', input: named(40) })).rejects.toMatchObject({
    status: 413,
    message: expect.stringMatching(/items that it names more than once are more than 32 MiB together/),
  })
})

test('items of too many stored responses are refused with a word that says so', async () => {
  const { client } = await serve()
  const input = Array.from({ length: 257 }, (_, at) => ({ type: 'item_reference' as const, id: `ws_${at}` }))
  await expect(client.responses.create({ model: 'm', input })).rejects.toMatchObject({
    status: 400,
    param: 'input',
    message: expect.stringMatching(/names items of more than 256 stored responses; send the items themselves/),
  })
})

test('an item that was sent or named twice is listed twice, and the pages end', async () => {
  const { client } = await serve()
  const first = await client.responses.create({ model: 'm', input: 'One' })
  const named = { type: 'item_reference' as const, id: first.output[0]?.id ?? '' }
  const sent = { type: 'message' as const, role: 'user' as const, content: 'Two', id: 'own' }
  const { id } = await client.responses.create({ model: 'm', input: [named, sent, named, sent] })
  const ids: unknown[] = []
  for await (const item of client.responses.inputItems.list(id, { limit: 1, order: 'asc' })) ids.push(item.id)
  expect(ids.slice(0, 2)).toEqual([named.id, 'own'])
  expect(new Set(ids).size).toBe(4)
  const again = ids.map(item => ({ type: 'item_reference' as const, id: String(item) }))
  expect(await client.responses.create({ model: 'm', input: again, previous_response_id: id })).toBeDefined()
})

test.each([
  [{ background: true }, 'background'],
  [{ conversation: 'conv_1' }, 'conversation'],
  [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
  [{ input: [] }, 'input'],
  [{ input: [{ type: 'message', role: 'wizard', content: 'x' }] }, 'input.0.role'],
  [{ input: [{ role: 'user', content: [{ type: 'input_sound' }] }] }, 'input.0.content.0.type'],
  [{ tools: [{ type: 'function' }] }, 'tools.0.name'],
  [{ tool_choice: { type: 'function', name: 'f' } }, 'tool_choice.name'],
  [{ max_output_tokens: 0 }, 'max_output_tokens'],
  [{ temperature: 3 }, 'temperature'],
  [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
  [{ store: 'yes' }, 'store'],
  [{ previous_response_id: 7 }, 'previous_response_id'],
])('%j is refused by its field', async (fields, param) => {
  const { url } = await serve()
  const reply = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'Hi', ...fields }),
  })
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({ error: { type: 'invalid_request_error', param } })
})

test('a finished response cannot be cancelled or streamed again, which is said', async () => {
  const { client } = await serve()
  const { id } = await client.responses.create({ model: 'm', input: 'Hi' })
  const headers = { 'content-type': 'application/json' }
  for (const options of [{}, { headers }])
    await expect(client.responses.cancel(id, options)).rejects.toThrow(
      '400 only a response that is made in the background',
    )
  await expect(client.responses.cancel('resp_other')).rejects.toThrow('404 no response "resp_other" is stored')
  await expect(client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 400, param: 'stream' })
})

test('tokens are counted before they are sent', async () => {
  const { client } = await serve()
  expect(await client.responses.inputTokens.count({ model: 'm', input: 'Hi' })).toEqual({
    object: 'response.input_tokens',
    input_tokens: 3,
  })
})

describe('a stream', () => {
  test('is in grammar and tells the response that is stored', async () => {
    const { url, client } = await serve()
    const frames = await framesOf(url, {})
    expect(checkResponsesStream(frames)).toEqual([])
    const last = frames.at(-1)
    const { response } = JSON.parse(last && 'data' in last ? last.data : '{}') as { response: { id: string } }
    expect(await client.responses.retrieve(response.id)).toMatchObject(response)
  })

  test('that is silent tells clients so in events that the helper reads, also before the answer begins', async () => {
    const first = gate()
    const steps: Step[] = [{ gate: first.gate }, ...begins(), text('Hi'), { afterMs: 60 }, ...says('Hi').slice(-2)]
    const { url } = await serve(steps, { headersAfterMs: 5, limits: { silenceMs: 20 } })
    setTimeout(first.open, 70)
    const frames = await framesOf(url, {})
    expect(checkResponsesStream(frames)).toEqual([])
    const types = typesIn(frames)
    expect(types.slice(0, 3)).toEqual(['response.created', 'response.in_progress', 'keepalive'])
    expect(types.lastIndexOf('keepalive')).toBeGreaterThan(types.indexOf('response.output_text.delta'))
  })

  test('that breaks ends as a failed response with the next number, and is not stored', async () => {
    const broken = { fail: new ModelError('overloaded', 'too much') }
    const { url, client } = await serve([...begins(), text('Hi'), broken])
    const frames = await framesOf(url, {})
    expect(checkResponsesStream(frames)).toEqual([])
    const last = frames.at(-1)
    const { response } = JSON.parse(last && 'data' in last ? last.data : '{}') as {
      response: OpenAI.Responses.Response
    }
    expect(response).toMatchObject({ status: 'failed', error: { code: 'server_is_overloaded', message: 'too much' } })
    await expect(client.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 })
  })

  test('that its client leaves is given up, and not stored', async () => {
    const { url, backend, client } = await serve([...begins(), text('Hi'), { gate: gate().gate }])
    const stream = await client.responses.create({ model: 'm', input: 'Hi', stream: true })
    let id = ''
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id
      if (event.type === 'response.output_text.delta') break
    }
    await backend.ended(1)
    expect((await fetch(`${url}/v1/responses/${id}`)).status).toBe(404)
  })

  test('is read by the helper of the official client', async () => {
    const call: readonly ModelEvent[] = [
      { type: 'start', id: 'x', model: 'm', usage: { inputTokens: 7, cacheReadTokens: 2 } },
      { type: 'block-start', index: 0, block: { type: 'thinking', origin: 'local' } },
      { type: 'thinking-delta', index: 0, text: 'Hm' },
      { type: 'signature', index: 0, signature: 'duologue.1.x' },
      { type: 'block-end', index: 0 },
      { type: 'block-start', index: 1, block: { type: 'text' } },
      { type: 'text-delta', index: 1, text: 'Look' },
      { type: 'block-end', index: 1 },
      { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'call_1', name: 'find' } },
      { type: 'input-delta', index: 2, json: '{"a":' },
      { type: 'input-delta', index: 2, json: '1}' },
      { type: 'block-end', index: 2 },
      { type: 'block-start', index: 3, block: { type: 'tool-call', id: 'call_2', name: 'patch' } },
      { type: 'input-delta', index: 3, json: '{"input":"*** Begin"}' },
      { type: 'block-end', index: 3 },
      { type: 'end', stop: { reason: 'tool-use' }, usage: { outputTokens: 5, thinkingTokens: 1 } },
    ]
    const { client } = await serve(call)
    const stream = client.responses.stream({
      model: 'm',
      input: 'Hi',
      tools: [
        { type: 'function', name: 'find', parameters: {}, strict: false },
        { type: 'custom', name: 'patch' },
        { type: 'web_search' },
      ],
    })
    const whole = await stream.finalResponse()
    expect(whole.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'Hm' }], encrypted_content: 'duologue.1.x' },
      { type: 'message', content: [{ text: 'Look' }] },
      { type: 'function_call', call_id: 'call_1', name: 'find', arguments: '{"a":1}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'patch', input: '*** Begin' },
    ])
    expect(whole.usage).toEqual({
      input_tokens: 7,
      input_tokens_details: { cached_tokens: 2, cache_write_tokens: 0 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 1 },
      total_tokens: 12,
    })
  })
})
