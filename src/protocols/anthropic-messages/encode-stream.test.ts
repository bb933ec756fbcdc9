import { expect, test } from 'vitest'
import { checkAnthropicStream } from '../../../test/support/anthropic-grammar.ts'
import { all, play } from '../../../test/support/play.ts'
import { collect } from '../../core/collect.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { ReplyContext } from '../protocol.ts'
import { formatSse, type SseFrame } from '../sse.ts'
import { anthropicMessages } from './index.ts'

const { server } = anthropicMessages
const context: ReplyContext = { responseId: 'msg_01', requestId: 'req_1', created: 0, includesUsage: true }

const answer: readonly ModelEvent[] = [
  { type: 'start', id: 'its own', model: 'm', usage: { inputTokens: 129, cacheReadTokens: 120, cacheWriteTokens: 0 } },
  { type: 'block-start', index: 0, block: { type: 'thinking' } },
  { type: 'thinking-delta', index: 0, text: 'hm' },
  { type: 'signature', index: 0, signature: 'c2ln' },
  { type: 'block-end', index: 0 },
  { type: 'block-start', index: 1, block: { type: 'text' } },
  { type: 'text-delta', index: 1, text: 'Let me look.' },
  { type: 'block-end', index: 1 },
  { type: 'block-start', index: 2, block: { type: 'tool-call', id: 'toolu_01', name: 'pick' } },
  { type: 'input-delta', index: 2, json: '{"color":"red"}' },
  { type: 'block-end', index: 2 },
  { type: 'end', stop: { reason: 'tool-use' }, usage: { outputTokens: 23, thinkingTokens: 4 } },
]

const usageAtStart =
  '"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":120,"cache_creation":null,"output_tokens":0,"output_tokens_details":null,"server_tool_use":null,"service_tier":null,"inference_geo":null,"speed":null}'

const expected = `event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,${usageAtStart}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let me look."}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_01","name":"pick","input":{},"caller":{"type":"direct"}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\\"color\\":\\"red\\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null},"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":120,"output_tokens":23,"output_tokens_details":{"thinking_tokens":4},"server_tool_use":null}}

event: message_stop
data: {"type":"message_stop"}

`

test('a stream has the order and the shapes of the API, to the byte', async () => {
  const frames = await all(server.encodeStream(play(answer), context))
  expect(frames.map(formatSse).join('')).toBe(expected)
})

test('a whole answer spells out its nulls and leaves out the citations that it does not have', async () => {
  expect(server.encodeAnswer(await collect(play(answer)), context)).toEqual({
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [
      { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
      { type: 'text', text: 'Let me look.' },
      { type: 'tool_use', id: 'toolu_01', name: 'pick', input: { color: 'red' }, caller: { type: 'direct' } },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      input_tokens: 9,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 120,
      cache_creation: null,
      output_tokens: 23,
      output_tokens_details: { thinking_tokens: 4 },
      server_tool_use: null,
      service_tier: null,
      inference_geo: null,
      speed: null,
    },
  })
})

const start: ModelEvent = { type: 'start', id: '', model: 'm', usage: {} }

async function ending(...events: readonly ModelEvent[]): Promise<unknown> {
  const frames = await all(server.encodeStream(play([start, ...events]), context))
  const frame = frames.at(-2)
  return frame && 'data' in frame ? JSON.parse(frame.data) : undefined
}

test('the stop sequence that matched is named', async () => {
  expect(await ending({ type: 'end', stop: { reason: 'stop-sequence', sequence: 'END' }, usage: {} })).toMatchObject({
    delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' },
  })
})

test('a refusal gives its reasons', async () => {
  const stop = { reason: 'refusal', category: 'bio', explanation: 'no' } as const
  expect(await ending({ type: 'end', stop, usage: {} })).toMatchObject({
    delta: { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'bio', explanation: 'no' } },
  })
})

test("another protocol's word for stopping is not passed on", async () => {
  expect(await ending({ type: 'end', stop: { reason: 'end-turn', raw: 'stop' }, usage: {} })).toMatchObject({
    delta: { stop_reason: 'end_turn' },
  })
})

test('a count that only the start knew is not overwritten at the end', async () => {
  const begun: ModelEvent = { type: 'start', id: '', model: 'm', usage: { inputTokens: 5, outputTokens: 3 } }
  const frames = await all(
    server.encodeStream(play([begun, { type: 'end', stop: { reason: 'end-turn' }, usage: {} }]), context),
  )
  expect(frames.map(formatSse).join('')).toContain('"usage":{"input_tokens":5,"cache_creation_input_tokens":null')
})

test('a block that only another protocol understands leaves no gap', async () => {
  const frames = await all(
    server.encodeStream(
      play<ModelEvent>([
        start,
        { type: 'block-start', index: 0, block: { type: 'opaque', protocol: 'openai-responses', value: {} } },
        { type: 'input-delta', index: 0, json: '{}' },
        { type: 'block-end', index: 0 },
        { type: 'block-start', index: 1, block: { type: 'text' } },
        { type: 'block-end', index: 1 },
        { type: 'end', stop: { reason: 'end-turn' }, usage: {} },
      ]),
      context,
    ),
  )
  expect(checkAnthropicStream(frames)).toEqual([])
  expect(frames).toHaveLength(5)
})

test('a failure is thrown on, after what came before it', async () => {
  async function* failing(): AsyncGenerator<ModelEvent> {
    yield start
    throw new Error('lost')
  }
  const seen: SseFrame[] = []
  const reading = async (): Promise<void> => {
    for await (const frame of server.encodeStream(failing(), context)) seen.push(frame)
  }
  await expect(reading()).rejects.toThrow('lost')
  expect(seen).toHaveLength(1)
})

test('leaving a stream early closes what it reads from', async () => {
  let isClosed = false
  async function* source(): AsyncGenerator<ModelEvent> {
    try {
      yield* answer
    } finally {
      isClosed = true
    }
  }
  for await (const _ of server.encodeStream(source(), context)) break
  expect(isClosed).toBe(true)
})

test('only what a client can act on is visible to it', () => {
  expect(answer.filter(server.isVisible).map(({ type }) => type)).not.toContain('start')
  expect(answer.filter(server.isVisible).map(({ type }) => type)).not.toContain('block-start')
  expect(server.isVisible({ type: 'thinking-delta', index: 0, text: '' })).toBe(true)
  expect(server.isVisible({ type: 'end', stop: { reason: 'end-turn' }, usage: {} })).toBe(true)
})

test('a ping fills the silence, and an id is one of a message', () => {
  expect(formatSse(server.keepAlive)).toBe('event: ping\ndata: {"type":"ping"}\n\n')
  expect(server.responseId('abc')).toBe('msg_abc')
})
