import { expect, test } from 'vitest'
import { all, play } from '../../../test/support/play.ts'
import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { stringIn } from '../json.ts'
import type { SseFrame } from '../sse.ts'
import { anthropicMessages } from './index.ts'

const { client } = anthropicMessages

function frames(...events: readonly JsonObject[]): SseFrame[] {
  return events.map(event => ({ event: stringIn(event['type']) ?? '', data: JSON.stringify(event) }))
}

async function read(...events: readonly JsonObject[]): Promise<ModelEvent[]> {
  return all(client.decodeStream(play(frames(...events))))
}

const start = {
  type: 'message_start',
  message: {
    id: 'msg_up',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [],
    usage: {
      input_tokens: 9,
      cache_read_input_tokens: 120,
      cache_creation_input_tokens: 0,
      output_tokens: 1,
      service_tier: 'standard',
    },
  },
}
const open = (index: number, block: JsonObject): JsonObject => ({
  type: 'content_block_start',
  index,
  content_block: block,
})
const delta = (index: number, delta: JsonObject): JsonObject => ({ type: 'content_block_delta', index, delta })
const close = (index: number): JsonObject => ({ type: 'content_block_stop', index })
const end = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn', stop_sequence: null },
  usage: { output_tokens: 23 },
}
const stop = { type: 'message_stop' }
const text = { type: 'text', text: '' }
const said = { type: 'text_delta', text: 'Hi' }

test('the counts of a prompt are summed, and those of the start hold where the end is silent', async () => {
  const events = await read(start, end, stop)
  const usage = { inputTokens: 129, cacheReadTokens: 120, cacheWriteTokens: 0, outputTokens: 1 }
  expect(events[0]).toMatchObject({ type: 'start', id: 'msg_up', model: 'claude', usage })
  expect(events[1]).toMatchObject({ type: 'end', usage: { ...usage, outputTokens: 23 } })
})

test('a server that counts nothing and never pings is understood', async () => {
  const { usage: _, ...message } = start.message
  const events = await read(
    { ...start, message },
    open(0, text),
    delta(0, said),
    close(0),
    { ...end, usage: null },
    stop,
  )
  expect(events[0]).toMatchObject({ type: 'start', usage: {} })
  expect(events.at(-1)).toMatchObject({ type: 'end', usage: {} })
})

test('nulls at the end overwrite nothing', async () => {
  const usage = { input_tokens: null, cache_read_input_tokens: null, output_tokens: 2 }
  const events = await read(start, { ...end, usage }, stop)
  expect(events.at(-1)).toMatchObject({ usage: { inputTokens: 129, cacheReadTokens: 120, outputTokens: 2 } })
})

test('what only this protocol says of an answer is kept', async () => {
  const [first] = await read(start, end, stop)
  expect(first).toMatchObject({ extras: { 'anthropic-messages': { usage: { service_tier: 'standard' } } } })
})

test('pings, comments, unknown events and unknown deltas are passed over', async () => {
  const stream = play([
    { comment: 'still here' },
    ...frames(
      { type: 'ping' },
      start,
      { type: 'weather' },
      open(0, text),
      delta(0, { type: 'mood_delta', mood: 'good' }),
      delta(0, said),
      { type: 'ping' },
      close(0),
      end,
      stop,
    ),
  ])
  const events = await all(client.decodeStream(stream))
  expect(events.map(({ type }) => type)).toEqual(['start', 'block-start', 'text-delta', 'block-end', 'end'])
})

test.each<[string, JsonObject[]]>([
  ['has no end', [start, open(0, text), delta(0, said), close(0)]],
  ['has no message_stop', [start, end]],
  ['has nothing', []],
  ['does not say why it ends', [start, stop]],
  ['begins twice', [start, start]],
  ['has a block before it begins', [open(0, text)]],
  ['has a delta before it begins', [delta(0, said)]],
  ['begins a message without one', [{ type: 'message_start' }]],
  ['has a gap', [start, open(1, text)]],
  ['has two blocks at once', [start, open(0, text), open(1, text)]],
  ['writes to a block that is not open', [start, open(0, text), delta(1, said)]],
  ['writes to a closed block', [start, open(0, text), close(0), delta(0, said)]],
  ['closes what is not open', [start, close(0)]],
  ['ends within a block', [start, open(0, text), end]],
  ['goes on after its end', [start, end, open(0, text)]],
  ['writes text as arguments', [start, open(0, text), delta(0, { type: 'input_json_delta', partial_json: '' })]],
])('a stream that %s is no answer', async (_, events) => {
  await expect(read(...events)).rejects.toMatchObject({ kind: 'unavailable' })
})

test.each(['not json', '[]', '"text"'])('an event of %s is no answer', async data => {
  await expect(all(client.decodeStream(play([{ event: 'ping', data }])))).rejects.toMatchObject({ kind: 'unavailable' })
})

test('an error within the stream is thrown as what it is', async () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
  await expect(read(start, error)).rejects.toMatchObject({ kind: 'overloaded' })
})

test('an error that only the name of the event tells of is one', async () => {
  const stream = play([{ event: 'error', data: '{"error":{"type":"rate_limit_error","message":"no"}}' }])
  await expect(all(client.decodeStream(stream))).rejects.toMatchObject({ kind: 'rate-limited' })
})

test('what follows the end is not waited for', async () => {
  let isClosed = false
  async function* endless(): AsyncGenerator<SseFrame> {
    try {
      yield* frames(start, end, stop)
      throw new Error('the stream was read on')
    } finally {
      isClosed = true
    }
  }
  expect(await all(client.decodeStream(endless()))).toHaveLength(2)
  expect(isClosed).toBe(true)
})

test('arguments that come with the beginning of a call are written too', async () => {
  const events = await read(
    start,
    open(0, { type: 'tool_use', id: 'a', name: 'b', input: { c: 1 } }),
    close(0),
    end,
    stop,
  )
  expect(events[2]).toEqual({ type: 'input-delta', index: 0, json: '{"c":1}' })
})

test('text that comes with the beginning of a block is written too', async () => {
  const events = await read(start, open(0, { type: 'text', text: 'Oh' }), delta(0, said), close(0), end, stop)
  expect(events.slice(2, 4)).toEqual([
    { type: 'text-delta', index: 0, text: 'Oh' },
    { type: 'text-delta', index: 0, text: 'Hi' },
  ])
})

test.each([
  ['end_turn', 'end-turn'],
  ['max_tokens', 'max-tokens'],
  ['stop_sequence', 'stop-sequence'],
  ['tool_use', 'tool-use'],
  ['pause_turn', 'pause'],
  ['refusal', 'refusal'],
  ['model_context_window_exceeded', 'context-window'],
  ['compaction', 'pause'],
  ['a_word_to_come', 'end-turn'],
])('the stop reason %s is read as %s and kept', async (raw, reason) => {
  const events = await read(start, { ...end, delta: { stop_reason: raw } }, stop)
  expect(events.at(-1)).toMatchObject({ stop: { reason, raw } })
})

test('a sequence that matched is believed over a word that forgets it', async () => {
  const events = await read(start, { ...end, delta: { stop_reason: 'end_turn', stop_sequence: 'END' } }, stop)
  expect(events.at(-1)).toMatchObject({ stop: { reason: 'stop-sequence', sequence: 'END', raw: 'end_turn' } })
})

test.each([{}, { type: 'message' }, { type: 'message', content: 'x' }, [], null, 'x'])(
  '%j is no whole answer',
  body => {
    expect(() => client.decodeAnswer(body)).toThrow('no message')
  },
)
