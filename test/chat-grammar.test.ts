import { describe, expect, test } from 'vitest'
import type { SseFrame } from '../src/protocols/sse.ts'
import { checkChatStream } from './support/chat-grammar.ts'

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' }

function chunk(delta: object, changes: object = {}, choiceChanges: object = {}): object {
  const choice = { index: 0, delta, logprobs: null, finish_reason: null, ...choiceChanges }
  return { ...head, choices: [choice], usage: null, ...changes }
}

function call(piece: object, called: object = {}): object {
  return chunk({ tool_calls: [{ ...piece, function: { arguments: '', ...called } }] })
}

const opening = chunk({ role: 'assistant', content: '' })
const text = chunk({ content: 'Hi' })
const first = call({ index: 0, id: 'c', type: 'function' }, { name: 'f' })
const more = call({ index: 0 })
const finish = chunk({}, {}, { finish_reason: 'stop' })
const counts = { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }
const failure = { error: { message: 'why', type: 'server_error', param: null, code: null } }
const good = [opening, text, first, more, finish, counts]

function faults(chunks: readonly unknown[], end: readonly SseFrame[] = [{ data: '[DONE]' }]): string[] {
  return checkChatStream([...chunks.map(chunk => ({ data: JSON.stringify(chunk) })), ...end])
}

test('a good stream has no faults, with comments in it and with an error at its end', () => {
  expect(faults(good)).toEqual([])
  expect(
    faults(
      [],
      [{ comment: 'keep-alive' }, ...good.map(chunk => ({ data: JSON.stringify(chunk) })), { data: '[DONE]' }],
    ),
  ).toEqual([])
  expect(faults([opening, text, failure], [])).toEqual([])
})

describe('what is wrong is found:', () => {
  test.each<[what: string, chunks: readonly unknown[], end?: readonly SseFrame[]]>([
    ['no end', good, []],
    ['an end before the finish reason', [opening, text]],
    ['an end before the counts that were announced', [opening, finish]],
    ['two ends', good, [{ data: '[DONE]' }, { data: '[DONE]' }]],
    ['something after the end', good, [{ data: '[DONE]' }, { data: JSON.stringify(text) }]],
    ['something after an error', [opening, failure, text]],
    ['an event name', good, [{ event: 'done', data: '[DONE]' }]],
    ['text that is not JSON', [opening, finish, counts], [{ data: '{' }, { data: '[DONE]' }]],
    ['a null', [opening, null, finish, counts]],
    ['another id', [opening, { ...text, id: 'chatcmpl-2' }, finish, counts]],
    ['another time', [opening, { ...text, created: 2 }, finish, counts]],
    ['another model', [opening, { ...text, model: 'n' }, finish, counts]],
    ['another object', [{ ...opening, object: 'chat.completion' }, finish, counts]],
    ['no choices', [opening, { ...head, usage: null }, finish, counts]],
    ['two choices', [opening, { ...text, choices: [1, 2] }, finish, counts]],
    ['another choice', [opening, chunk({ content: 'x' }, {}, { index: 1 }), finish, counts]],
    ['counts that do not add up', [opening, finish, { ...counts, usage: { ...counts.usage, total_tokens: 4 } }]],
    ['counts before the finish', [opening, { ...text, usage: counts.usage }, finish, counts]],
    ['counts that were not announced', [{ ...opening, usage: undefined }, { ...finish, usage: undefined }, counts]],
    ['no role at first', [text, finish, counts]],
    ['the role again', [opening, opening, finish, counts]],
    ['an empty delta', [opening, chunk({}), finish, counts]],
    ['an unknown delta', [opening, chunk({ thinking: 'x' }), finish, counts]],
    ['content that is no text', [opening, chunk({ content: null }), finish, counts]],
    ['a finish beside a delta', [opening, chunk({ content: 'x' }, {}, { finish_reason: 'stop' }), counts]],
    ['an unknown finish', [opening, chunk({}, {}, { finish_reason: 'end_turn' }), counts]],
    ['two finishes', [opening, finish, finish, counts]],
    ['text after the finish', [opening, finish, text, counts]],
    ['nothing of logprobs', [opening, chunk({ content: 'x' }, {}, { logprobs: undefined }), finish, counts]],
    ['a call that does not begin', [opening, more, finish, counts]],
    ['a call out of turn', [opening, call({ index: 1, id: 'c', type: 'function' }, { name: 'f' }), finish, counts]],
    ['a call without a name', [opening, call({ index: 0, id: 'c', type: 'function' }), finish, counts]],
    ['a call without a type', [opening, call({ index: 0, id: 'c' }, { name: 'f' }), finish, counts]],
    ['a name that comes again', [opening, first, call({ index: 0 }, { name: 'f' }), finish, counts]],
    [
      'a call gone back to',
      [opening, first, call({ index: 1, id: 'd', type: 'function' }, { name: 'f' }), more, finish, counts],
    ],
    ['arguments that are no text', [opening, first, call({ index: 0 }, { arguments: {} }), finish, counts]],
    ['an error without a message', [opening, { error: { ...failure.error, message: '' } }], []],
    ['an error with a number for a code', [opening, { error: { ...failure.error, code: 503 } }], []],
  ])('%s', (_, chunks, end) => {
    expect(faults(chunks, end)).not.toEqual([])
  })
})
