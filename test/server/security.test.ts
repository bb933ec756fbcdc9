import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ask, connectRaw, open, rawRequest } from '../support/http-client.ts'
import type { Ask } from '../support/http-client.ts'
import { says, scripted } from '../support/scripted-backend.ts'
import { hello, start } from '../support/start-server.ts'

const hosts = [
  ['localhost', true],
  ['127.0.0.1:7272', true],
  ['[::1]', true],
  ['my.name', true],
  ['evil.com', false],
  ['127.0.0.1.nip.io', false],
  ['localhost.evil.com', false],
  ['[::ffff:7f00:1]', false],
] as const

const origins = [
  [undefined, true],
  ['https://listed.example', true],
  ['https://evil.com', false],
  ['null', false],
  ['https://listed.example.evil.com', false],
  ['http://localhost:3000', false],
] as const

const sites = [undefined, 'none', 'same-origin', 'same-site', 'cross-site'] as const

const requests = [
  ['GET', '/v1/models'],
  ['GET', '/v1/models/m'],
  ['HEAD', '/v1/models'],
  ['GET', '/'],
  ['GET', '/health'],
  ['GET', '/health/live'],
  ['GET', '/health/ready'],
  ['POST', '/v1/messages'],
  ['POST', '/v1/messages/count_tokens'],
  ['POST', '/v1/chat/completions'],
  ['OPTIONS', '/v1/messages'],
  ['GET', '/nowhere'],
  ['DELETE', '/v1/models'],
  ['GET', '/%zz'],
] as const

interface Case {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly isAllowed: boolean
}

const cases: readonly Case[] = requests.flatMap(([method, path]) =>
  hosts.flatMap(([host, isOurs]) =>
    origins.flatMap(([origin, isListed]) =>
      sites.map(site => ({
        method,
        path,
        headers: { host, ...(origin && { origin }), ...(site && { 'sec-fetch-site': site }) },
        isAllowed: isOurs && isListed && (origin !== undefined || site !== 'cross-site'),
      })),
    ),
  ),
)

test('on every path, a request passes only where its host, origin and fetch site all allow it', async () => {
  const backend = scripted({ steps: says('a'), inputTokens: 3 })
  const { port, log } = await start({
    backends: [backend],
    allowedHosts: ['my.name'],
    allowedOrigins: ['https://listed.example'],
  })
  for (const { method, path, headers, isAllowed } of cases) {
    const { status } = await ask(port, { method, path, headers, ...(method === 'POST' && { body: hello }) })
    expect({ method, path, headers, isRefused: status === 403 }).toEqual({
      method,
      path,
      headers,
      isRefused: !isAllowed,
    })
  }
  const answered = cases.filter(
    ({ path, isAllowed }) => isAllowed && ['/v1/messages', '/v1/chat/completions'].includes(path),
  )
  expect(backend.requests).toHaveLength(answered.filter(({ method }) => method === 'POST').length)
  expect(log.filter(record => record['status'] === 403 && record['endpoint'] !== 'none')).toEqual([])
}, 120_000)

test.each([
  ['two hosts', rawRequest('GET /v1/models', ['Host: localhost', 'Host: localhost']), 400],
  ['two hosts, one of them evil', rawRequest('GET /v1/models', ['Host: localhost', 'Host: evil.com']), 400],
  ['an empty host', rawRequest('GET /v1/models', ['Host:']), 400],
  ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n', 400],
  ['no host in HTTP/1.0', 'GET /v1/models HTTP/1.0\r\n\r\n', 400],
  ['an absolute URI of another host', rawRequest('GET http://evil.com/v1/models'), 400],
  ['an absolute URI of this host', rawRequest('GET http://localhost/v1/models', ['Connection: close']), 200],
  ['an absolute URI with a user', rawRequest('GET http://a@localhost/v1/models'), 400],
  ['two keys', rawRequest('GET /v1/models', ['x-api-key: a', 'x-api-key: b']), 400],
  ['two authorizations', rawRequest('GET /v1/models', ['Authorization: Bearer a', 'Authorization: Bearer a']), 400],
  ['two origins', rawRequest('GET /v1/models', ['Origin: http://localhost', 'Origin: https://evil.com']), 400],
  ['a header called __proto__', rawRequest('GET /v1/models', ['__proto__: x', 'Connection: close']), 200],
  ['headers that are too large', rawRequest('GET /v1/models', [`x-a: ${'a'.repeat(20_000)}`]), 431],
  ['what is not HTTP', 'hello\r\n\r\n', 400],
  [
    'both framings',
    rawRequest('POST /v1/messages', ['Content-Length: 3', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    400,
  ],
  ['two lengths', rawRequest('POST /v1/messages', ['Content-Length: 3', 'Content-Length: 4'], 'abc'), 400],
])('a request with %s is answered with its status', async (_name, bytes, status) => {
  const { port } = await start()
  const { socket, until } = await connectRaw(port, bytes)
  expect(await until('\r\n\r\n')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  socket.destroy()
})

test('a request without a host is refused in the form of the asking protocol', async () => {
  const { port } = await start()
  const { socket, until } = await connectRaw(port, 'GET /v1/messages HTTP/1.1\r\n\r\n')
  expect(await until('"request_id"')).toMatch(/"type":"invalid_request_error","message":"header host: /)
  socket.destroy()
})

test('a connection that wants a tunnel is closed', async () => {
  const { port } = await start()
  expect(await (await connectRaw(port, 'CONNECT evil.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n')).closed).toBe('')
})

test('without allowed origins, no reply carries CORS headers', async () => {
  const { port } = await start()
  for (const method of ['GET', 'OPTIONS']) {
    const { headers } = await ask(port, { method, path: '/v1/models' })
    expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([])
  }
})

test('a page of an allowed origin may ask and read', async () => {
  const origin = 'https://listed.example'
  const { port } = await start({ allowedOrigins: [origin], keys: ['k'] })
  const preflight = await ask(port, {
    method: 'OPTIONS',
    path: '/v1/messages',
    headers: { origin, 'sec-fetch-site': 'cross-site', 'access-control-request-headers': 'x-api-key' },
  })
  expect(preflight).toMatchObject({
    status: 204,
    headers: {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'x-api-key',
    },
  })
  const reply = await ask(port, { path: '/v1/models', headers: { origin, 'x-api-key': 'k' } })
  expect(reply).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': origin, vary: 'origin' } })
  const page = await readFile(new URL('../../docs/http.md', import.meta.url), 'utf8')
  const [, table = ''] = /## Response headers\n(.*?)\n## /s.exec(page) ?? []
  const told = table
    .split('\n')
    .flatMap(row => [...(row.split('|')[1] ?? '').matchAll(/`(.+?)`/g)].map(([, name]) => name))
  expect(told).toContain('x-duologue-target')
  expect(String(reply.headers['access-control-expose-headers']).split(', ')).toEqual(expect.arrayContaining(told))
})

test('a page that this server serves itself may call it', async () => {
  const { port } = await start()
  const origin = `http://localhost:${port}`
  const headers = { host: `localhost:${port}`, origin, 'sec-fetch-site': 'same-origin' }
  expect(await ask(port, { path: '/v1/models', headers })).toMatchObject({ status: 200 })
  const other = { ...headers, origin: `http://localhost:${port + 1}` }
  expect(await ask(port, { path: '/v1/models', headers: other })).toMatchObject({ status: 403 })
})

const credentials = [
  ['none', {}, false],
  ['wrong bearer', { authorization: 'Bearer wrong' }, false],
  ['wrong key', { 'x-api-key': 'wrong' }, false],
  ['right bearer', { authorization: 'Bearer right' }, true],
  ['right key', { 'x-api-key': 'right' }, true],
  ['both right', { authorization: 'Bearer right', 'x-api-key': 'right' }, true],
  ['bearer right, key wrong', { authorization: 'Bearer right', 'x-api-key': 'wrong' }, false],
  ['bearer wrong, key right', { authorization: 'Bearer wrong', 'x-api-key': 'right' }, false],
] as const

/** What is asked of a route without end is closed as soon as its status is there. */
async function statusOf(port: number, what: Ask): Promise<number> {
  const { response, leave } = await open(port, what)
  if (response.headers['content-type']?.startsWith('text/event-stream') === true) leave()
  else await text(response)
  return response.statusCode ?? 0
}

test('every route opens exactly for whom its table says', async () => {
  const { port, server, log } = await start({ keys: ['other', 'right'] })
  const access: Record<string, string> = {}
  for (const route of server.routes) {
    const path = route.path.replace('*', 'm')
    access[`${route.method} ${route.path}`] = route.access
    for (const [name, headers, isRight] of credentials) {
      const body = route.method === 'POST' ? { body: {} } : {}
      const status = await statusOf(port, { method: route.method, path, headers, ...body })
      const label = `${route.method} ${path} with ${name}`
      expect([label, status === 401]).toEqual([label, route.access !== 'public' && !isRight])
      // Neither of two keys is the owner's unless it says so.
      expect([label, status === 403]).toEqual([label, route.access === 'owner' && isRight])
    }
  }
  expect(access).toMatchInlineSnapshot(`
    {
      "DELETE /duologue/models/pull/*": "owner",
      "DELETE /v1/responses/*": "key",
      "GET /": "public",
      "GET /duologue/explain/cache/*": "key",
      "GET /duologue/models/events": "key",
      "GET /health": "public",
      "GET /health/live": "public",
      "GET /health/ready": "public",
      "GET /v1/models": "key",
      "GET /v1/models/*": "key",
      "GET /v1/responses/*": "key",
      "POST /duologue/explain/route/*": "key",
      "POST /duologue/models/pull": "owner",
      "POST /v1/chat/completions": "key",
      "POST /v1/completions": "key",
      "POST /v1/embeddings": "key",
      "POST /v1/messages": "key",
      "POST /v1/messages/count_tokens": "key",
      "POST /v1/rerank": "key",
      "POST /v1/responses": "key",
      "POST /v1/responses/*": "key",
      "POST /v1/responses/input_tokens": "key",
    }
  `)
  const failed = log.filter(record => record['status'] === 200 && record['failure'])
  expect(failed.filter(record => record['endpoint'] !== 'GET /duologue/models/events')).toEqual([])
})

test.each([
  '/nowhere',
  '/v1/messages/x',
  '/v1//models',
  '//v1/models',
  '/v1/models%2f',
  '/V1/models',
  '/v1/models;a',
  '/health/x',
])('the unknown path %s is told only to who has a key', async path => {
  const { port } = await start({ keys: ['right'] })
  expect(await ask(port, { path })).toMatchObject({ status: 401 })
  expect(await ask(port, { path, headers: { 'x-api-key': 'right' } })).toMatchObject({ status: 404 })
})

test('no key, body or prompt is ever in the log, on any path', async () => {
  const backend = scripted({ steps: [{ fail: new Error('boom') }] })
  const { port, logText } = await start({ backends: [backend], keys: ['canary-right'] })
  const secret = { ...hello, messages: [{ role: 'user', content: 'canary-prompt' }] }
  for (const headers of [{ 'x-api-key': 'canary-wrong' }, { authorization: 'Bearer canary-right' }]) {
    for (const path of ['/v1/messages', '/v1/chat/completions', '/v1/messages/count_tokens', '/x']) {
      await ask(port, { method: 'POST', path, body: secret, headers })
      await ask(port, { method: 'POST', path, body: '{"canary-broken', headers })
    }
  }
  expect(logText()).toContain('"endpoint":"POST /v1/messages"')
  expect(logText()).not.toContain('canary')
})

test('a path in the log cannot steer a terminal or begin a line', async () => {
  const { port, logText } = await start()
  const { socket, until } = await connectRaw(port, rawRequest('GET /a\u009b31m\u0085b'))
  await until('\r\n\r\n')
  socket.destroy()
  expect([...logText()].filter(character => character !== '\n' && /\p{Cc}/u.test(character))).toEqual([])
})

test('a request that was let in late is still refused its stream when the key is wrong', async () => {
  const backend = scripted({ steps: says('a') })
  const { port } = await start({ backends: [backend], keys: ['right'] })
  const { response } = await open(port, {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { authorization: 'Bearer wrong' },
    body: { ...hello, stream: true },
  })
  expect(response.statusCode).toBe(401)
  response.resume()
  expect(backend.requests).toEqual([])
})
