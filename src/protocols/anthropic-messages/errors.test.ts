import { expect, test } from 'vitest'
import { type ErrorKind, ModelError } from '../../core/errors.ts'
import { anthropicMessages } from './index.ts'

const { server, client } = anthropicMessages

const table: readonly [ErrorKind, number, string][] = [
  ['invalid-request', 400, 'invalid_request_error'],
  ['unauthorized', 401, 'authentication_error'],
  ['quota-exhausted', 402, 'billing_error'],
  ['forbidden', 403, 'permission_error'],
  ['not-found', 404, 'not_found_error'],
  ['method-not-allowed', 405, 'invalid_request_error'],
  ['conflict', 409, 'conflict_error'],
  ['too-large', 413, 'request_too_large'],
  ['rate-limited', 429, 'rate_limit_error'],
  ['aborted', 499, 'invalid_request_error'],
  ['internal', 500, 'api_error'],
  ['unavailable', 503, 'api_error'],
  ['timeout', 504, 'timeout_error'],
  ['overloaded', 529, 'overloaded_error'],
]

test.each(table)('%s is told as %d %s', (kind, status, type) => {
  expect(server.encodeError(new ModelError(kind, 'why'), 'req_1')).toMatchObject({
    status,
    body: { type: 'error', error: { type, message: 'why' }, request_id: 'req_1' },
  })
})

const alsoSaid: readonly ErrorKind[] = ['method-not-allowed', 'aborted', 'internal']

test.each(table.filter(([kind]) => !alsoSaid.includes(kind)))('%s is read back from its reply', (kind, status) => {
  const { body, headers } = server.encodeError(new ModelError(kind, 'why', { retryAfterMs: 3000 }), 'req_1')
  expect(client.decodeError(status, headers, body)).toMatchObject({ kind, retryAfterMs: 3000 })
})

test.each([
  ['rate-limited', undefined],
  ['overloaded', undefined],
  ['unavailable', undefined],
  ['timeout', undefined],
  ['internal', 'false'],
  ['conflict', 'false'],
  ['invalid-request', 'false'],
] as const)('after %s, x-should-retry is %s', (kind, header) => {
  expect(server.encodeError(new ModelError(kind, 'why'), 'req_1').headers['x-should-retry']).toBe(header)
})

test('the wait is told in whole seconds, rounded up', () => {
  const { headers } = server.encodeError(new ModelError('overloaded', 'why', { retryAfterMs: 1001 }), 'req_1')
  expect(headers['retry-after']).toBe('2')
})

test('a refused thread has the code that the official tool runner goes on from', () => {
  const { status, body } = server.encodeError(
    new ModelError('invalid-request', 'no', { code: 'unsupported-thread' }),
    'req_1',
  )
  expect(status).toBe(400)
  expect(body).toMatchObject({ error: { details: { error_code: 'thread_unsupported_request', unsupported: [] } } })
})

test('a prompt that is too long is told in the words that agents act on', () => {
  const words = 'prompt is too long: 9000 tokens > 8192 maximum'
  const error = new ModelError('invalid-request', words, { code: 'context-length-exceeded' })
  const { status, headers, body } = server.encodeError(error, 'req_1')
  expect(body).toMatchObject({ error: { type: 'invalid_request_error', message: words } })
  expect(client.decodeError(status, headers, body)).toMatchObject({ message: words, code: 'context-length-exceeded' })
})

test('a failure within a stream is an event named error', () => {
  expect(server.encodeStreamError(new ModelError('overloaded', 'busy'), 'req_1')).toEqual({
    event: 'error',
    data: '{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req_1"}',
  })
})

test.each([
  [400, 'invalid-request'],
  [401, 'unauthorized'],
  [402, 'quota-exhausted'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [408, 'timeout'],
  [409, 'conflict'],
  [413, 'too-large'],
  [418, 'invalid-request'],
  [429, 'rate-limited'],
  [500, 'unavailable'],
  [502, 'unavailable'],
  [504, 'timeout'],
  [529, 'overloaded'],
])('a reply of %d without a body that can be read is %s', (status, kind) => {
  expect(client.decodeError(status, {}, '<html>').kind).toBe(kind)
})

test('what an upstream says of its own troubles is for the log alone', () => {
  const body = { type: 'error', error: { type: 'authentication_error', message: 'key sk-123 is wrong' } }
  const error = client.decodeError(401, {}, body)
  expect(error.message).not.toContain('sk-123')
  expect(error.cause).toMatchObject({ message: 'key sk-123 is wrong' })
})

test.each([
  [{ 'retry-after': '2' }, 2000],
  [{ 'retry-after': '2', 'retry-after-ms': '150' }, 150],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': '-1' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '1e99' }, 86_400_000],
  [{}, undefined],
])('the headers %j ask for a wait of %s ms', (headers, retryAfterMs) => {
  expect(client.decodeError(429, headers, null).retryAfterMs).toBe(retryAfterMs)
})

test.each([
  [
    'messages.3.content.0: tool_use ids must be unique',
    'the upstream refused the request as invalid, at messages.3.content.0',
  ],
  ['You said: my secret', 'the upstream refused the request as invalid'],
  ['secret: no', 'the upstream refused the request as invalid'],
])('of what an upstream says of a wrong request, %j, only the place is told', (said, message) => {
  const error = client.decodeError(400, {}, { type: 'error', error: { type: 'invalid_request_error', message: said } })
  expect(error).toMatchObject({ kind: 'invalid-request', message, cause: { message: said } })
})
