import { describe, expect, test } from 'vitest'
import type { SseFrame } from '../src/protocols/sse.ts'
import { checkResponsesStream } from './support/responses-grammar.ts'

type Event = Readonly<Record<string, unknown>> & { readonly type: string }

const head = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status: 'in_progress',
  model: 'm',
  tools: [],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  metadata: {},
  error: null,
  incomplete_details: null,
  usage: null,
  output: [] as readonly object[],
}
const place = { output_index: 0, item_id: 'msg_1', content_index: 0 }
const item = {
  id: 'msg_1',
  type: 'message',
  status: 'in_progress',
  role: 'assistant',
  content: [] as readonly object[],
}
const part = { type: 'output_text', text: 'Hi', annotations: [], logprobs: [] }
const done = { ...item, status: 'completed', content: [part] }
const usage = {
  input_tokens: 1,
  output_tokens: 2,
  total_tokens: 3,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
}

const created: Event = { type: 'response.created', response: head }
const progress: Event = { type: 'response.in_progress', response: head }
const added: Event = { type: 'response.output_item.added', output_index: 0, item }
const partAdded: Event = { type: 'response.content_part.added', ...place, part: { ...part, text: '' } }
const delta: Event = { type: 'response.output_text.delta', ...place, delta: 'Hi', logprobs: [] }
const textDone: Event = { type: 'response.output_text.done', ...place, text: 'Hi', logprobs: [] }
const partDone: Event = { type: 'response.content_part.done', ...place, part }
const itemDone: Event = { type: 'response.output_item.done', output_index: 0, item: done }
const completed: Event = {
  type: 'response.completed',
  response: { ...head, status: 'completed', output: [done], usage },
}
const failed: Event = {
  type: 'response.failed',
  response: { ...head, status: 'failed', error: { code: 'server_error', message: 'why' } },
}
const keepalive: Event = { type: 'keepalive' }
const opening = [created, progress]
const middle = [added, partAdded, delta, textDone, partDone, itemDone]
const good = [...opening, ...middle, completed]

function framesOf(events: readonly Event[]): SseFrame[] {
  return events.map((event, at) => ({ event: event.type, data: JSON.stringify({ sequence_number: at, ...event }) }))
}

test('a good stream has no faults, with silence in it and with a failure at its end', () => {
  expect(checkResponsesStream(framesOf(good))).toEqual([])
  expect(checkResponsesStream(framesOf([...opening, keepalive, ...middle, keepalive, completed]))).toEqual([])
  expect(checkResponsesStream(framesOf([...opening, added, partAdded, delta, failed]))).toEqual([])
})

describe('what is wrong is found:', () => {
  test.each<[what: string, events: readonly Event[]]>([
    ['no end', [...opening, ...middle]],
    ['something after the end', [...good, keepalive]],
    ['no beginning', [progress, ...middle, completed]],
    ['silence before the beginning', [keepalive, ...good]],
    ['two beginnings', [created, ...good]],
    ['a number that is not the next', [...opening, { ...added, sequence_number: 7 }, ...middle.slice(1), completed]],
    ['another id', [created, { ...progress, response: { ...head, id: 'resp_2' } }, ...middle, completed]],
    ['an end of another status', [...opening, { ...completed, response: head }]],
    ['output that was not said', [...opening, completed]],
    ['output that is left out', [...opening, ...middle, { ...completed, response: { ...head, status: 'completed' } }]],
    ['counts that do not add up', [...opening, ...middle, withUsage({ ...usage, total_tokens: 4 })]],
    [
      'counts without their parts',
      [...opening, ...middle, withUsage({ input_tokens: 1, output_tokens: 2, total_tokens: 3 })],
    ],
    ['a failure that says nothing', [...opening, { ...failed, response: { ...head, status: 'failed' } }]],
    ['an item within another', [...opening, added, { ...added, item: { ...item, id: 'msg_2' } }, completed]],
    ['an item out of turn', [...opening, { ...added, output_index: 1 }, ...middle.slice(1), completed]],
    ['an item without an id', [...opening, { ...added, item: { ...item, id: '' } }, ...middle.slice(1), completed]],
    ['a part that does not begin', [...opening, added, delta, textDone, partDone, itemDone, completed]],
    ['a part that does not end', [...opening, added, partAdded, delta, textDone, itemDone, completed]],
    ['a part out of turn', [...opening, added, { ...partAdded, content_index: 1 }, ...middle.slice(2), completed]],
    [
      'a piece of another item',
      [...opening, added, partAdded, { ...delta, item_id: 'x' }, ...middle.slice(3), completed],
    ],
    ['a text that was not said', [...opening, added, partAdded, textDone, partDone, itemDone, completed]],
    [
      'a part with another text',
      [...opening, ...middle.slice(0, 4), { ...partDone, part: { ...part, text: 'x' } }, itemDone, completed],
    ],
    [
      'nothing of logprobs',
      [...opening, added, partAdded, { ...delta, logprobs: undefined }, ...middle.slice(3), completed],
    ],
    [
      'an unknown event',
      [...opening, added, partAdded, { ...delta, type: 'response.output_sound.delta' }, ...middle.slice(3), completed],
    ],
  ])('%s', (_, events) => {
    expect(checkResponsesStream(framesOf(events))).not.toEqual([])
  })

  test('a comment, a wrong name, and text that is not JSON', () => {
    for (const frame of [{ comment: 'x' }, { event: 'x', data: '{"type":"keepalive"}' }, { data: '{' }]) {
      expect(checkResponsesStream([...framesOf(opening), frame, ...framesOf(good).slice(2)])).not.toEqual([])
    }
  })
})

function withUsage(usage: object): Event {
  return { ...completed, response: { ...head, status: 'completed', output: [done], usage } }
}
