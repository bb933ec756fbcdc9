import { expect, test } from 'vitest'
import { decodeAnswer } from './decode-response.ts'

const message = { type: 'message', id: 'm', content: [{ type: 'output_text', text: 'Hi', annotations: [] }] }

test('an answer that says nothing of its status is whole', () => {
  expect(decodeAnswer({ id: 'resp_1', model: 'm', output: [message] })).toEqual({
    id: 'resp_1',
    model: 'm',
    blocks: [{ block: { type: 'text' }, content: 'Hi' }],
    stop: { reason: 'end-turn', raw: 'completed' },
    usage: {},
  })
})

test('a refusal beside text keeps both', () => {
  const refusal = { type: 'message', id: 'n', content: [{ type: 'refusal', refusal: 'No.' }] }
  expect(decodeAnswer({ status: 'completed', output: [message, refusal] })).toMatchObject({
    blocks: [{ content: 'Hi' }],
    stop: { reason: 'refusal', explanation: 'No.' },
  })
})

test.each<[what: string, kind: string, body: unknown]>([
  ['nothing', 'unavailable', undefined],
  ['text', 'unavailable', 'Hello'],
  ['no output', 'unavailable', { id: 'resp_1', status: 'completed' }],
  ['an answer in the making', 'unavailable', { status: 'in_progress', output: [] }],
  ['an answer that waits', 'unavailable', { status: 'queued', output: [] }],
  ['an answer that failed', 'unavailable', { status: 'failed', output: [], error: null }],
  ['an answer that was cancelled', 'unavailable', { status: 'cancelled', output: [] }],
  ['a failure', 'rate-limited', { status: 'failed', output: [], error: { code: 'rate_limit_exceeded' } }],
  ['a prompt that was refused', 'invalid-request', { status: 'failed', error: { code: 'invalid_prompt' } }],
  ['an error in the place of an answer', 'rate-limited', { error: { code: 429 } }],
  ['a call without a name', 'unavailable', { output: [{ type: 'function_call', call_id: 'c' }] }],
])('%s is not an answer: %s', (_, kind, body) => {
  expect(() => decodeAnswer(body)).toThrow(expect.objectContaining({ name: 'ModelError', kind }))
})
