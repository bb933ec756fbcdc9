import { expect, test } from 'vitest'
import type { RelayedPiece, RelayRequest } from '../../src/core/backend.ts'
import { collectAll } from '../../src/core/collect.ts'
import type { ProtocolId } from '../../src/core/extras.ts'
import { kinds } from '../../src/providers/registry.ts'
import { ask } from '../support/http-client.ts'
import { keptStream, startUpstream } from '../support/scripted-upstream.ts'
import type { Script, StreamScript } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'
import { canary, never, provide, request } from './ask.ts'

const body =
  '{"max_tokens":9,\n "model":"alias",  "messages":[{"role":"user","content":"\\u0048i"}],"x_new":{"model":"y"}}'

function asked(over: Partial<RelayRequest> = {}): RelayRequest {
  return {
    protocol: 'anthropic-messages',
    model: 'claude-5',
    isStreaming: true,
    includesUsage: true,
    body: Buffer.from(body),
    headers: {},
    client: 'ada',
    ...over,
  }
}

async function relay(script: Script, over: Partial<RelayRequest> = {}) {
  await using upstream = await startUpstream(script)
  const kind = over.protocol === 'openai-chat' ? 'openai' : 'anthropic'
  const { backend } = provide({ kind, url: upstream.origin, timeouts: { firstTokenMs: 500, idleMs: 500 } })
  const pieces: RelayedPiece[] = []
  let failure: unknown
  try {
    for await (const piece of backend.relay?.(asked(over), never) ?? []) pieces.push(piece)
  } catch (error) {
    failure = error
  }
  return { pieces, failure, seen: upstream.seen[0], text: textOf(pieces) }
}

function textOf(pieces: readonly RelayedPiece[]): string {
  return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString()
}

function wire({ events }: StreamScript): string {
  return events.map(data => `event: ${(JSON.parse(data) as { type: string }).type}\ndata: ${data}\n\n`).join('')
}

const tools = await keptStream('anthropic-messages', 'anthropic-tools.1')

test('a request goes on byte for byte, but for its model and its key', async () => {
  const { seen } = await relay(tools, {
    headers: {
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a-2026,b-2026',
      authorization: 'Bearer the-client-key',
      'x-api-key': 'the-client-key',
      cookie: 'a=b',
      host: 'evil.example',
      'x-forwarded-for': '10.0.0.1',
    },
  })
  expect(seen?.body).toBe(body.replace('"alias"', '"claude-5"'))
  expect(seen?.headers).toMatchObject({
    'anthropic-version': '2026-10-21',
    'anthropic-beta': 'a-2026,b-2026',
    'x-api-key': canary,
  })
  expect(JSON.stringify(seen?.headers)).not.toMatch(/the-client-key|evil|cookie|10\.0\.0\.1/)
})

test('what two clients, or two models, are asked by one idempotency key are different requests upstream', async () => {
  const keyOf = async (over: Partial<RelayRequest> = {}) =>
    (await relay(tools, { headers: { 'idempotency-key': 'try-1' }, ...over })).seen?.headers['idempotency-key']
  const first = await keyOf()
  expect(first).toMatch(/^[\w-]{43}$/)
  expect(await keyOf()).toBe(first)
  expect(new Set([first, await keyOf({ client: 'bea' }), await keyOf({ model: 'claude-6' })]).size).toBe(3)
})

test('a header that would be two goes nowhere', async () => {
  const { seen } = await relay(tools, { headers: { 'anthropic-beta': 'a\r\nx-api-key: b' } })
  expect(seen?.headers).not.toHaveProperty('anthropic-beta')
})

test.each([1, 5, 4096])('an answer comes back byte for byte in whole events, %d bytes at a time', async bytesAtOnce => {
  const { pieces, text, failure } = await relay({ ...tools, bytesAtOnce })
  expect(failure).toBeUndefined()
  expect(text).toBe(wire(tools))
  for (const { bytes } of pieces) expect(Buffer.from(bytes).toString()).toMatch(/\n\n$/)
  const answer = collectAll(pieces.flatMap(({ events }) => events))
  expect(answer).toMatchObject({ stop: { reason: 'tool-use' }, usage: { inputTokens: 1045, outputTokens: 71 } })
})

test('each piece has the events that it tells', async () => {
  const { pieces } = await relay(tools)
  const types = pieces.map(({ bytes, events }) => [
    /event: (\w+)/.exec(Buffer.from(bytes).toString())?.[1],
    events.length,
  ])
  expect(types.slice(0, 3)).toEqual([
    ['message_start', 1],
    ['content_block_start', 1],
    ['content_block_delta', 1],
  ])
  expect(types.at(-1)).toEqual(['message_stop', 1])
})

test.each(['openai-text.1', 'openai-tools.1'])('Chat is relayed as well: %s', async name => {
  const stream = await keptStream('openai-chat', name)
  const { text, pieces } = await relay(stream, { protocol: 'openai-chat' })
  expect(text).toBe(stream.events.map(data => `data: ${data}\n\n`).join(''))
  expect(collectAll(pieces.flatMap(({ events }) => events)).usage).toMatchObject({ outputTokens: expect.any(Number) })
})

test('a whole answer is relayed in one piece, with what it tells', async () => {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-5',
    content: [{ type: 'text', text: 'Yes.' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 3, output_tokens: 2 },
  }
  const text = `${JSON.stringify(message, null, 3)}\n`
  const answer = await relay({ body: text }, { isStreaming: false })
  expect(answer.text).toBe(text)
  expect(collectAll(answer.pieces.flatMap(({ events }) => events)).blocks).toMatchObject([{ content: 'Yes.' }])
})

test('at whatever event a stream breaks, what went on is whole events and the break is told', async () => {
  const count = tools.events.length
  for (let at = 0; at < count; at++) {
    for (const fault of [
      { resetAt: at },
      { garbledAt: { event: at, data: '{"type":' } },
      { events: tools.events.slice(0, at) },
    ]) {
      const { text, failure } = await relay({ ...tools, bytesAtOnce: 9, ...fault })
      expect(failure).toMatchObject({ kind: 'unavailable' })
      const events = wire({ events: tools.events.slice(0, at) })
      expect(events.startsWith(text) && (text === '' || text.endsWith('\n\n'))).toBe(true)
    }
  }
})

test('half an event never goes on, nor what would become a part of the next one', async () => {
  for (let halfAt = 0; halfAt < tools.events.length; halfAt++) {
    const { text, failure } = await relay({ ...tools, halfAt })
    expect(failure).toMatchObject({ kind: 'unavailable' })
    expect(text).toMatch(/^$|\n\n$/)
    expect(wire(tools).startsWith(text.replace(/event: \w+\n\n$/, ''))).toBe(true)
  }
})

test.each([1, 2])('a Chat answer whose upstream leaves out the last %d lines ends as every other', async left => {
  const stream = await keptStream('openai-chat', 'openai-tools.1')
  const events = stream.events.slice(0, -left)
  const { text, failure } = await relay({ ...stream, events }, { protocol: 'openai-chat' })
  expect(failure).toBeUndefined()
  expect(text).toBe([...events, '[DONE]'].map(data => `data: ${data}\n\n`).join(''))
})

test('an answer in another form than was asked for never goes on', async () => {
  const whole = { type: 'message', content: [{ type: 'text', text: 'Yes.' }], stop_reason: 'end_turn' }
  for (const { pieces, failure } of [await relay({ body: whole }), await relay(tools, { isStreaming: false })]) {
    expect(failure).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('the upstream was asked for'),
    })
    expect(pieces).toEqual([])
  }
})

test('an error within a good status is a failure before anything goes on but its start', async () => {
  const { pieces, failure } = await relay(await keptStream('anthropic-messages', 'anthropic-overloaded.1'))
  expect(failure).toMatchObject({ kind: 'overloaded' })
  expect(pieces.flatMap(({ events }) => events.map(({ type }) => type))).toEqual(['start'])
})

test('nothing follows the end of an answer', async () => {
  const script = { ...tools, events: [...tools.events, ...tools.events] }
  const { text } = await relay(script)
  expect(text).toBe(wire(tools))
})

const owners: ReadonlySet<ProtocolId> = new Set(['anthropic-messages', 'openai-chat', 'openai-responses'])

test.each(kinds)(
  '$id relays only the wire format that it is asked in, and only what it takes as it is',
  ({ id, dialects }) => {
    for (const { protocol, isRelayed = false } of dialects) {
      const { backend } = provide({ kind: id, url: 'http://127.0.0.1:9', protocol })
      const relayed = [...owners].filter(owner => backend.relays?.(asked({ protocol: owner }), request) === true)
      expect(relayed).toEqual(isRelayed ? [protocol] : [])
    }
  },
)

test.each(['openai', 'azure-openai', 'openrouter'])('%s relays what tells what it costs', kind => {
  const { backend } = provide({ kind, url: 'http://127.0.0.1:9' })
  const isRelayed = (isStreaming: boolean, includesUsage: boolean) =>
    backend.relays?.(asked({ protocol: 'openai-chat', isStreaming, includesUsage }), request)
  expect([isRelayed(false, false), isRelayed(true, true)]).toEqual([true, true])
  // OpenRouter tells of every answer, whoever asks.
  expect(isRelayed(true, false)).toBe(kind === 'openrouter')
})

test.each([undefined, { include_usage: false }, { include_usage: true }])(
  'a Chat stream with the options %j is counted, and shows its client what it asked for',
  async stream_options => {
    const stream = await keptStream('openai-chat', 'openai-text.1')
    await using upstream = await startUpstream(stream)
    await using served = await serveProviders({ providers: { there: { kind: 'openai', url: upstream.origin } } })
    const body = { model: 'there/m', messages: [{ role: 'user', content: 'Hi' }], stream: true, stream_options }
    const { text } = await ask(served.port, { method: 'POST', path: '/v1/chat/completions', body })
    expect(JSON.parse(upstream.seen[0]?.body ?? '')).toMatchObject({ stream_options: { include_usage: true } })
    expect(text.includes('"prompt_tokens"')).toBe(stream_options?.include_usage === true)
    const counted = { inputTokens: expect.any(Number), outputTokens: expect.any(Number) }
    expect(served.log).toContainEqual(expect.objectContaining(counted))
  },
)

test('a conversation that another model took part in is not relayed', () => {
  const { backend } = provide({ kind: 'anthropic' })
  const foreign = { type: 'thinking', text: 'Hm', signature: 'duologue.1.x' } as const
  expect(backend.relays?.(asked(), request)).toBe(true)
  const messages = [...request.messages, { role: 'assistant', content: [foreign] } as const]
  expect(backend.relays?.(asked(), { ...request, messages })).toBe(false)
})
