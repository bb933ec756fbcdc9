import { expect, test } from 'vitest'
import { toReadable } from './readable-log.ts'

const time = new Date(2026, 0, 2, 3, 4, 5).getTime()

test('a request is one line with what tells most', () => {
  const record = {
    level: 'info',
    time,
    requestId: 'req_1',
    method: 'POST',
    path: '/v1/messages',
    status: 200,
    model: 'starter',
    ms: 662,
    inputTokens: 36,
    outputTokens: 64,
    msg: 'request',
  }
  expect(toReadable(`${JSON.stringify(record)}\n`)).toBe(
    '03:04:05 POST /v1/messages, 200, starter, 36 tokens in, 64 out, 662 ms, req_1\n',
  )
})

test('a request that failed says why, and one that was left says so', () => {
  const record = { level: 'info', time, method: 'GET', path: '/x', ms: 1, msg: 'request' }
  const failed = { ...record, status: 404, failure: { kind: 'not-found', message: 'no such path' } }
  expect(toReadable(JSON.stringify(failed))).toBe('03:04:05 GET /x, 404, 1 ms, no such path\n')
  expect(toReadable(JSON.stringify({ ...record, outcome: 'left' }))).toBe('03:04:05 GET /x, left, 1 ms\n')
})

test('a request says who answered and what failed before', () => {
  const attempts = [{ target: 'one/m', failure: 'timeout', why: 'it took too long' }, { target: 'two/m' }]
  const record = { level: 'info', time, method: 'POST', path: '/', status: 200, model: 'm', ms: 1, msg: 'request' }
  expect(toReadable(JSON.stringify({ ...record, target: 'two/m', attempts }))).toBe(
    '03:04:05 POST /, 200, two/m, one/m failed: it took too long, 1 ms\n',
  )
  const failed = { ...record, status: 504, attempts: attempts.slice(0, 1), failure: { message: 'it took too long' } }
  expect(toReadable(JSON.stringify(failed))).toBe('03:04:05 POST /, 504, m, one/m failed: it took too long, 1 ms\n')
})

test('any other record is told with all it has, and its level where that is not the usual one', () => {
  const record = { level: 'error', time, model: 'a', exit: { signal: 'SIGKILL' }, msg: 'the process of a model ended' }
  expect(toReadable(JSON.stringify(record))).toBe(
    '03:04:05 error the process of a model ended model=a exit={"signal":"SIGKILL"}\n',
  )
})

test('what a client wrote cannot steer the terminal', () => {
  const record = { level: 'info', time, method: 'POST', path: '/', ms: 1, model: 'a\u001b[2J\n\u202eb', msg: 'request' }
  expect(toReadable(JSON.stringify(record))).toBe('03:04:05 POST /, a\\u001b[2J\\u000a\\u202eb, 1 ms\n')
})

test('what is no record is given as it is', () => {
  expect(toReadable('not JSON\n')).toBe('not JSON\n')
})
