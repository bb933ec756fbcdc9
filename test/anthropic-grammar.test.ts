import { expect, test } from 'vitest'
import type { JsonObject } from '../src/core/json.ts'
import { stringIn } from '../src/protocols/json.ts'
import type { SseFrame } from '../src/protocols/sse.ts'
import { checkAnthropicStream } from './support/anthropic-grammar.ts'

const usage = {
  input_tokens: 1,
  output_tokens: 0,
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  cache_creation: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  inference_geo: null,
  speed: null,
}
const nulls = { stop_reason: null, stop_sequence: null, stop_details: null, container: null, diagnostics: null }
const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], ...nulls, usage }
const start = { type: 'message_start', message }
const open = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } }
const close = { type: 'content_block_stop', index: 0 }
const stopped = { stop_reason: 'end_turn', stop_sequence: null, stop_details: null, container: null }
const end = { type: 'message_delta', delta: stopped, usage: { output_tokens: 1 } }
const stop = { type: 'message_stop' }
const good = [start, open, delta, close, end, stop]

function check(events: readonly JsonObject[]): string[] {
  return checkAnthropicStream(
    events.map((event): SseFrame => ({ event: stringIn(event['type']) ?? '', data: JSON.stringify(event) })),
  )
}

test('a good stream has no faults, with a ping or a comment anywhere', () => {
  expect(check(good)).toEqual([])
  expect(check(good.flatMap(event => [{ type: 'ping' }, event]))).toEqual([])
})

test('an error may be the end of a stream', () => {
  expect(check([start, open, { type: 'error', error: { type: 'api_error', message: 'no' } }])).toEqual([])
})

test.each(good.map((_, missing) => missing))('a stream without its frame %d has a fault', missing => {
  const events = good.filter((_, at) => at !== missing)
  // Only a delta may be missing.
  if (missing === 2) expect(check(events)).toEqual([])
  else expect(check(events)).not.toEqual([])
})

test.each(good.map((_, at) => at))('a stream with its frame %d twice has a fault', twice => {
  const events = good.flatMap((event, at) => (at === twice ? [event, event] : [event]))
  // Only a delta may come twice, and the counts at the end.
  if (twice === 2 || twice === 4) expect(check(events)).toEqual([])
  else expect(check(events)).not.toEqual([])
})

test.each<[string, JsonObject[]]>([
  ['a wrong index', [start, { ...open, index: 1 }, { ...delta, index: 1 }, { ...close, index: 1 }, end, stop]],
  ['arguments in text', [start, open, { ...delta, delta: { type: 'input_json_delta', text: 'a' } }, close, end, stop]],
  [
    'null citations',
    [start, { ...open, content_block: { type: 'text', text: '', citations: null } }, close, end, stop],
  ],
  ['an unknown stop', [start, { ...end, delta: { ...stopped, stop_reason: 'tired' } }, stop]],
  ['a sequence of no stop', [start, { ...end, delta: { ...stopped, stop_sequence: 'a' } }, stop]],
  ['an uncounted end', [start, { ...end, usage: {} }, stop]],
  ['content at the start', [{ ...start, message: { ...message, content: [{}] } }, end, stop]],
  ['no usage', [{ ...start, message: { ...message, usage: null } }, end, stop]],
])('a stream with %s has a fault', (_, events) => {
  expect(check(events)).not.toEqual([])
})

test('a frame whose name is not its type has a fault', () => {
  expect(checkAnthropicStream([{ event: 'ping', data: JSON.stringify(start) }])).not.toEqual([])
})
