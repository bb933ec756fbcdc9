import { gzipSync, brotliCompressSync, deflateSync, zstdCompressSync } from 'node:zlib'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Backend } from '../../src/core/backend.ts'
import { ask, connectRaw, post, rawRequest } from '../support/http-client.ts'
import { says, scripted } from '../support/scripted-backend.ts'
import { hello, start } from '../support/start-server.ts'

const paths = ['/v1/messages', '/v1/messages/count_tokens', '/v1/chat/completions']
const text = JSON.stringify(hello)

function backends() {
  return [scripted({ steps: says('a'), inputTokens: 1 })]
}

const hostile = [
  ['nothing', '', 400],
  ['blanks', '   ', 400],
  ['a cut object', '{"model": "m"', 400],
  ['single quotes', "{'a': 1}", 400],
  ['deep arrays', '['.repeat(200_000), 400],
  ['deep objects', '{"a":'.repeat(200_000), 400],
  ['deep messages', JSON.stringify(hello).replace('"Hello"', `${'['.repeat(130)}1${']'.repeat(130)}`), 400],
  ['millions of objects', `[${'{},'.repeat(1_000_000)}{}]`, 400],
  ['__proto__', '{"__proto__":{"a":1}}', 400],
  ['an escaped __proto__', String.raw`{"\u005f_proto__":{"a":1}}`, 400],
  ['constructor.prototype', '{"constructor":{"prototype":{"a":1}}}', 400],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400],
  ['UTF-16', Buffer.from(text, 'utf16le'), 400],
  ['an array', '[]', 400],
  ['null', 'null', 400],
  ['a number', '1e999', 400],
  ['text', '"hello"', 400],
  ['NUL', '\u0000', 400],
  ['33 MiB', Buffer.alloc(33 * 1024 * 1024, 0x20), 413],
] as const

test.each(hostile)('a body of %s is refused on every path, in the words of the path', async (_name, body, status) => {
  const options = backends()
  const { port } = await start({ backends: options })
  for (const path of paths) {
    const reply = await post(port, path, body)
    expect(reply.status).toBe(status)
    expect(reply.json.error.message.length).toBeGreaterThan(10)
    expect(reply.json.error.message).not.toMatch(/Unexpected token|in JSON at position|FST_|Maximum call stack/)
    if (path.startsWith('/v1/messages'))
      expect(reply.json).toMatchObject({ type: 'error', request_id: reply.headers['request-id'] })
    else expect(reply.json.error).toHaveProperty('param')
  }
  expect(options[0]?.requests).toEqual([])
})

test('the place of a fault is told', async () => {
  const { port } = await start()
  const reply = await post(port, '/v1/messages', '{\n  "model": "m",\n  "max_tokens": }')
  expect(reply.json.error.message).toBe('the request body is not valid JSON: expected a value at line 3, column 17')
})

test.each([
  [undefined, 415],
  ['text/plain', 415],
  ['application/x-www-form-urlencoded', 415],
  ['multipart/form-data; boundary=x', 415],
  ['application/jsonx', 415],
  ['application/json, text/plain', 415],
  ['application/json; charset=utf-16', 415],
  ['text/plain; a=application/json', 415],
  ['application/json', 200],
  ['Application/JSON; charset=UTF-8', 200],
  ['application/json;charset="utf-8"', 200],
])('a body declared as %s is answered with %s', async (type, status) => {
  const { port } = await start({ backends: backends() })
  const headers = [
    'Connection: close',
    `Content-Length: ${text.length}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
  ]
  for (const path of ['/v1/messages', '/v1/chat/completions']) {
    const reply = await (await connectRaw(port, rawRequest(`POST ${path}`, headers, text))).closed
    expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  }
})

test.each([
  ['gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['identity', (bytes: string) => Buffer.from(bytes)],
])('a body packed with %s is read', async (encoding, pack) => {
  const { port } = await start({ backends: backends() })
  const headers = { 'content-encoding': encoding }
  expect(await ask(port, { method: 'POST', path: '/v1/messages', body: pack(text), headers: headers })).toMatchObject({
    status: 200,
  })
})

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
])('a body that %s unpacks to more than the limit is refused', async (encoding, pack) => {
  const { port } = await start({ limits: { maxBodyBytes: 1024 * 1024 } })
  const bomb = pack(Buffer.alloc(64 * 1024 * 1024, 0x20))
  expect(bomb.length).toBeLessThan(100_000)
  expect(
    await ask(port, { method: 'POST', path: '/v1/messages', body: bomb, headers: { 'content-encoding': encoding } }),
  ).toMatchObject({
    status: 413,
    json: {
      error: { type: 'request_too_large', message: 'the request body is larger than 1 MiB; send less at a time' },
    },
  })
})

test.each([
  ['gzip, gzip', gzipSync(gzipSync(text)), 415],
  ['compress', text, 415],
  ['gzip', text, 400],
  ['gzip', gzipSync(text).subarray(0, 20), 400],
  ['br', Buffer.from([1, 2, 3]), 400],
])('a body that claims to be packed with %s and is not to be read is refused', async (encoding, body, status) => {
  const { port } = await start()
  const reply = await ask(port, {
    method: 'POST',
    path: '/v1/messages',
    body: body,
    headers: { 'content-encoding': encoding },
  })
  expect(reply).toMatchObject({
    status,
    json: { error: { details: { error_code: 'request_body_encoding_unsupported' } } },
  })
})

test('a body at the limit is read and one byte more is refused, declared or not', async () => {
  const { port } = await start({ backends: backends(), limits: { maxBodyBytes: 1000 } })
  const fitting = text + ' '.repeat(1000 - text.length)
  const chunked = { 'transfer-encoding': 'chunked' }
  expect(await post(port, '/v1/messages', fitting)).toMatchObject({ status: 200 })
  expect(await ask(port, { method: 'POST', path: '/v1/messages', body: fitting, headers: chunked })).toMatchObject({
    status: 200,
  })
  expect(await post(port, '/v1/messages', `${fitting} `)).toMatchObject({ status: 413 })
  expect(
    await ask(port, { method: 'POST', path: '/v1/messages', body: `${fitting} `, headers: chunked }),
  ).toMatchObject({ status: 413 })
})

test('a body that comes one byte at a time is read', async () => {
  const { port } = await start({ backends: backends() })
  const body = JSON.stringify({ ...hello, messages: [{ role: 'user', content: 'héllo 😀' }] })
  const bytes = Buffer.from(body)
  const { socket, closed } = await connectRaw(
    port,
    rawRequest('POST /v1/messages', [
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${bytes.length}`,
    ]),
  )
  socket.setNoDelay(true)
  for (const byte of bytes) {
    socket.write(Buffer.of(byte))
    await delay(0)
  }
  expect(await closed).toMatch(/^HTTP\/1\.1 200 /)
})

test('a body that does not come in time is answered with 408 and the connection closed', async () => {
  const options = backends()
  const { port } = await start({ backends: options, limits: { headersTimeoutMs: 100, uploadTimeoutMs: 150 } })
  const { closed } = await connectRaw(
    port,
    rawRequest('POST /v1/messages', ['Content-Type: application/json', 'Content-Length: 100'], '{"model"'),
  )
  const reply = await closed
  expect(reply).toMatch(/^HTTP\/1\.1 408 /)
  expect(reply.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  expect(reply).toContain('"type":"error"')
  expect(options[0]?.requests).toEqual([])
})

test('a body whose chunks are garbled is answered once', async () => {
  const options = backends()
  const { port } = await start({ backends: options })
  const { closed } = await connectRaw(
    port,
    rawRequest('POST /v1/messages', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], 'zz\r\n{}\r\n'),
  )
  const reply = await closed
  expect(reply).toMatch(/^HTTP\/1\.1 400 /)
  expect(reply.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  expect(options[0]?.requests).toEqual([])
})

test('headers that do not come in time close the connection', async () => {
  const { port } = await start({ limits: { headersTimeoutMs: 100, uploadTimeoutMs: 150 } })
  const { closed } = await connectRaw(port, 'GET /v1/models HTTP/1.1\r\nHost: loc')
  expect(await closed).toMatch(/^HTTP\/1\.1 408 /)
  expect(await (await connectRaw(port)).closed).toMatch(/^(?:HTTP\/1\.1 408 |$)/)
})

test('a client that leaves in the middle of its body asks nothing of a model', async () => {
  const options = backends()
  const { port, log, server } = await start({ backends: options })
  const { socket } = await connectRaw(
    port,
    rawRequest('POST /v1/messages', ['Content-Type: application/json', 'Content-Length: 1000'], '{"model"'),
  )
  while (server.activeRequests === 0) await delay(1)
  socket.destroy()
  while (server.activeRequests > 0) await delay(1)
  expect(log).toMatchObject([{ outcome: 'left' }])
  expect(options[0]?.requests).toEqual([])
})

test('after a refused body the connection serves the next request', async () => {
  const { port } = await start({ backends: backends() })
  const bad = rawRequest('POST /v1/messages', ['Content-Type: text/plain', 'Content-Length: 5'], 'hello')
  const { until, socket } = await connectRaw(port, bad)
  await until('request_id')
  socket.write(rawRequest('GET /health/live'))
  expect(await until('"live":true')).toContain('HTTP/1.1 200 OK')
  socket.destroy()
})

test('a body with a path that does not exist is not read', async () => {
  const { port } = await start()
  const reply = await ask(port, { method: 'POST', path: '/nowhere', body: '{"broken' })
  expect(reply.status).toBe(404)
})

test('a byte order mark before a body is read by nobody, and goes to no upstream', async () => {
  let came = ''
  const plain = scripted({ steps: says('a'), inputTokens: 1 })
  const relaying: Backend = {
    ...plain,
    relays: () => true,
    async *relay({ body }) {
      came = Buffer.from(body).toString()
      yield { bytes: Buffer.from('{}'), events: [{ type: 'end', stop: { reason: 'end-turn' }, usage: {} }] }
    },
  }
  const { port } = await start({ backends: [relaying] })
  expect(await post(port, '/v1/messages', Buffer.from(`\ufeff${text}`))).toMatchObject({ status: 200 })
  expect(came).toBe(text)
})
