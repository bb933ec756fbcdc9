import { expect, test } from 'vitest'
import { decodeAnswer } from './decode-response.ts'

function completion(message: object, choice: object = {}): object {
  const whole = {
    index: 0,
    message: { role: 'assistant', content: null, ...message },
    finish_reason: 'stop',
    ...choice,
  }
  return { id: 'c1', model: 'm', choices: [whole], usage: { prompt_tokens: 1, completion_tokens: 2 } }
}

test('reasoning under either name comes before text and calls', () => {
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
  expect(decodeAnswer(completion({ reasoning: 'Hm.', content: 'Hi', tool_calls: [call] }))).toEqual({
    id: 'c1',
    model: 'm',
    blocks: [
      { block: { type: 'thinking' }, content: 'Hm.' },
      { block: { type: 'text' }, content: 'Hi' },
      { block: { type: 'tool-call', id: 'a', name: 'f' }, content: '{}' },
    ],
    stop: { reason: 'tool-use', raw: 'stop' },
    usage: { inputTokens: 1, outputTokens: 2 },
  })
})

test('content in pieces, calls without ids and arguments that are no text are read', () => {
  const pieces = [
    { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
    { type: 'text', text: 'Hi' },
  ]
  const tool_calls = [{ id: '', function: { name: 'f', arguments: { a: 1 } } }]
  expect(decodeAnswer(completion({ content: pieces, tool_calls })).blocks).toEqual([
    { block: { type: 'thinking' }, content: 'Hm.' },
    { block: { type: 'text' }, content: 'Hi' },
    { block: { type: 'tool-call', id: 'call_c1_0', name: 'f' }, content: '{"a":1}' },
  ])
})

test.each<[what: string, kind: string, body: unknown]>([
  ['nothing', 'unavailable', undefined],
  ['text', 'unavailable', 'Hello'],
  ['no choices', 'unavailable', { id: 'c1', choices: [] }],
  ['a choice without a message', 'unavailable', { id: 'c1', choices: [{ finish_reason: 'stop' }] }],
  ['no finish reason', 'unavailable', completion({ content: 'Hi' }, { finish_reason: null })],
  ['content that is no text', 'unavailable', completion({ content: {} })],
  ['content in pieces that are not known', 'unavailable', completion({ content: [{ type: 'sound' }] })],
  ['a failed finish', 'unavailable', completion({ content: 'Hi' }, { finish_reason: 'error' })],
  ['an error of the choice', 'rate-limited', completion({ content: '' }, { error: { code: 429 } })],
  ['a call without a name', 'unavailable', completion({ tool_calls: [{ id: 'a', function: {} }] })],
  ['an error in the place of an answer', 'rate-limited', { error: { code: 429 } }],
])('%s is not an answer: %s', (_, kind, body) => {
  expect(() => decodeAnswer(body)).toThrow(expect.objectContaining({ name: 'ModelError', kind }))
})
