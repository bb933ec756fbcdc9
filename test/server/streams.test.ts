import { setTimeout as delay } from 'node:timers/promises'
import { text as readText } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { ModelError } from '../../src/core/errors.ts'
import { ask, connectRaw, frames, open, post, rawRequest } from '../support/http-client.ts'
import { begins, ends, gate, says, scripted, text, type Step } from '../support/scripted-backend.ts'
import { hello, start, type StartOptions } from '../support/start-server.ts'

const streaming = { ...hello, stream: true }
const protocols = [
  ['/v1/messages', 'event: ping'],
  ['/v1/chat/completions', ':'],
] as const

function play(steps: readonly Step[], options: StartOptions = {}) {
  const backend = scripted({ steps })
  return start({ ...options, backends: [backend] }).then(started => ({ ...started, backend }))
}

function* endless(): Generator<Step> {
  yield* begins()
  for (;;) {
    yield text('x'.repeat(4096))
    yield { afterMs: 0 }
  }
}

describe.each(protocols)('a stream of POST %s', (path, keepAlive) => {
  const openStream = (port: number) => open(port, { method: 'POST', path, body: streaming })

  test('has the headers of one that no proxy may hold back', async () => {
    const { port } = await play(says('a'))
    expect(await post(port, path, streaming)).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
        'transfer-encoding': 'chunked',
      },
    })
  })

  test('tells each event while the next one is still to come', async () => {
    const next = gate()
    const { port } = await play([...begins(), text('first'), { gate: next.gate }, text('second'), ...ends(2)])
    const { response } = await openStream(port)
    let received = ''
    response.on('data', chunk => (received += String(chunk)))
    while (!received.includes('first')) await delay(1)
    expect(received).not.toContain('second')
    next.open()
    while (!received.includes('second')) await delay(1)
    response.destroy()
  })

  test('says something before the silence gets too long, before its first event and after it', async () => {
    const first = gate()
    const second = gate()
    const steps = [{ gate: first.gate }, ...begins(), text('a'), { gate: second.gate }, ...ends(1)]
    const { port } = await play(steps, { headersAfterMs: 5, limits: { silenceMs: 15 } })
    const { response } = await openStream(port)
    let received = ''
    response.on('data', chunk => (received += String(chunk)))
    const count = () => received.match(new RegExp(`^${keepAlive}`, 'gm'))?.length ?? 0
    while (!received.startsWith(keepAlive)) await delay(1)
    first.open()
    while (!received.includes('"a"')) await delay(1)
    const before = count()
    while (count() < before + 3) await delay(1)
    second.open()
    await readText(response)
    expect(frames(received).length).toBeGreaterThan(0)
  })

  test('that is lively is not interrupted by keep-alives', async () => {
    const steps = [...begins(), ...Array.from({ length: 20 }, () => [{ afterMs: 5 }, text('a')]).flat(), ...ends(20)]
    const { port } = await play(steps, { limits: { silenceMs: 5000 } })
    const { text: received } = await post(port, path, streaming)
    expect(received).not.toMatch(/^(?:event: ping|:)/m)
  })

  test('is read to its end by a client that reads slowly, and the backend does not run ahead', async () => {
    const progress = { given: 0, seen: -1 }
    function* steps(): Generator<Step> {
      yield* begins()
      for (; progress.given < 2000; progress.given += 1) yield text(`${progress.given};${'x'.repeat(10_000)}`)
      yield* ends(2000)
    }
    const backend = scripted({ steps })
    const { port } = await start({ backends: [backend] })
    const { response } = await openStream(port)
    response.pause()
    while (progress.given !== progress.seen) {
      progress.seen = progress.given
      await delay(100)
    }
    expect(progress.given).toBeGreaterThan(0)
    expect(progress.given).toBeLessThan(1500)
    const received = await readText(response)
    const numbers = [...received.matchAll(/(\d+);x/g)].map(match => Number(match[1]))
    expect(numbers).toEqual(Array.from({ length: 2000 }, (_, index) => index))
    expect(backend).toMatchObject({ open: 0 })
  })

  test('whose reader takes nothing for too long is closed, and its backend with it', async () => {
    const backend = scripted({ steps: endless })
    const { port, log } = await start({ backends: [backend], limits: { stallMs: 50 } })
    const { response } = await openStream(port)
    response.pause()
    await backend.ended(1)
    expect(backend.open).toBe(0)
    while (log.length === 0) await delay(1)
    expect(log).toMatchObject([{ outcome: 'left' }])
    response.destroy()
  })

  test('that fails after it began says so in its own words, and nothing after that', async () => {
    const steps = [...begins(), text('half'), { fail: new ModelError('overloaded', 'the model went away') }]
    const { port, log } = await play(steps)
    const reply = await post(port, path, streaming)
    const all = frames(reply.text)
    const last = all.at(-1)
    expect(reply.status).toBe(200)
    expect(last?.data).toMatchObject({ error: { message: 'the model went away' } })
    if (path === '/v1/messages') {
      expect(last).toMatchObject({ event: 'error', data: { type: 'error', request_id: reply.headers['request-id'] } })
    }
    expect(reply.text).toContain('half')
    expect(reply.text).not.toMatch(/\[DONE\]|message_stop/)
    expect(log).toMatchObject([{ outcome: 'failed', failure: { kind: 'overloaded' } }])
  })

  test('that fails before it began is a plain error with a status', async () => {
    const { port } = await play([
      ...begins().slice(0, 0),
      { fail: new ModelError('rate-limited', 'slow down', { retryAfterMs: 1500 }) },
    ])
    expect(await post(port, path, streaming)).toMatchObject({
      status: 429,
      headers: { 'content-type': 'application/json', 'retry-after': '2' },
      json: { error: { message: 'slow down' } },
    })
  })

  test('that fails after its headers but before its first event is told in the stream', async () => {
    const hold = gate()
    const { port } = await play([{ gate: hold.gate }, { fail: new ModelError('unavailable', 'no memory') }], {
      headersAfterMs: 5,
    })
    const { response } = await openStream(port)
    hold.open()
    expect(response.statusCode).toBe(200)
    expect(frames(await readText(response)).at(-1)?.data).toMatchObject({ error: { message: 'no memory' } })
  })

  test.each([
    ['before its headers', [{ gate: gate().gate }], 60_000],
    ['after its headers and before its first event', [{ gate: gate().gate }], 1],
    ['in its middle', [...begins(), text('a'), { gate: gate().gate }], 60_000],
  ] as const)('that its client leaves %s is cancelled', async (_when, steps, headersAfterMs) => {
    const { port, backend, server, log } = await play(steps, { headersAfterMs })
    const { socket, received: _, until } = await connectRaw(port, rawPost(path, streaming))
    await backend.begun(1)
    if (headersAfterMs === 1 || steps.length > 1) await until('\r\n\r\n')
    socket.destroy()
    await backend.ended(1)
    while (server.activeRequests > 0) await delay(1)
    expect(backend.open).toBe(0)
    expect(log).toMatchObject([{ outcome: 'left', failure: { kind: 'aborted' } }])
  })

  test('that its client leaves while it is held back is cancelled', async () => {
    const backend = scripted({ steps: endless })
    const { port } = await start({ backends: [backend] })
    const { response, leave } = await openStream(port)
    response.on('error', () => undefined)
    response.pause()
    await delay(100)
    leave()
    await backend.ended(1)
    expect(backend.open).toBe(0)
  })

  test('that its client closes one way only is cancelled', async () => {
    const { port, backend } = await play([...begins(), text('a'), { gate: gate().gate }])
    const { socket, until } = await connectRaw(port, rawPost(path, streaming))
    await until('"a"')
    socket.end()
    await backend.ended(1)
    expect(backend.open).toBe(0)
  })

  test('that waits behind another on its connection is cancelled too', async () => {
    const { port, backend } = await play([...begins(), text('a'), { gate: gate().gate }])
    const { socket, until } = await connectRaw(port, rawPost(path, streaming) + rawPost(path, streaming))
    await backend.begun(2)
    await until('"a"')
    socket.destroy()
    await backend.ended(2)
    expect(backend.open).toBe(0)
  })

  test('goes on over a closing server, which then closes', async () => {
    const hold = gate()
    const { port, server } = await play([...begins(), text('a'), { gate: hold.gate }, text('b'), ...ends(2)])
    const { response } = await openStream(port)
    const closing = server.close({ graceMs: 30_000 })
    await expect(ask(port, { path: '/health/live' })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    hold.open()
    expect(await readText(response)).toMatch(/message_stop|\[DONE\]/)
    await closing
  })

  test('that outlasts the grace of a closing server is told so', async () => {
    const { port, server, backend } = await play([...begins(), text('a'), { gate: gate().gate }])
    const { response } = await openStream(port)
    const reading = readText(response)
    await server.close({ graceMs: 20 })
    const received = await reading
    expect(frames(received).at(-1)?.data).toMatchObject({
      error: { message: 'the server is shutting down; try again' },
    })
    expect(received).not.toMatch(/message_stop|\[DONE\]/)
    expect(backend.open).toBe(0)
  })
})

describe.each(protocols)('a whole answer of POST %s', path => {
  test('is cancelled when its client leaves', async () => {
    const { port, backend, log } = await play([...begins(), text('a'), { gate: gate().gate }])
    const { socket } = await connectRaw(port, rawPost(path, hello))
    await backend.begun(1)
    socket.destroy()
    await backend.ended(1)
    expect(backend.open).toBe(0)
    while (log.length === 0) await delay(1)
    expect(log).toMatchObject([{ outcome: 'left' }])
  })

  test('that outlasts the grace of a closing server is refused with a status', async () => {
    const { port, server, backend } = await play([...begins(), text('a'), { gate: gate().gate }])
    const reply = post(port, path, hello)
    await backend.begun(1)
    await server.close({ graceMs: 20 })
    expect(await reply).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  })
})

test('a thousand frames that are at hand together go out in a few writes', async () => {
  const { port } = await play(says(...Array.from({ length: 1000 }, () => 'a')))
  const { until, socket } = await connectRaw(port, rawPost('/v1/messages', streaming))
  const received = await until('\r\n0\r\n')
  socket.destroy()
  const chunks = received.match(/\r\n[0-9a-f]+\r\n(?=event)/g) ?? []
  expect(received.match(/text_delta/g)).toHaveLength(1000)
  expect(chunks.length).toBeLessThan(10)
})

test('the place of a request is free again when its client has left', async () => {
  const { port, backend } = await play([...begins(), text('a'), { gate: gate().gate }], { limits: { maxInFlight: 1 } })
  const { socket, until } = await connectRaw(port, rawPost('/v1/messages', streaming))
  await until('"a"')
  const messages = await post(port, '/v1/messages', hello)
  expect(messages).toMatchObject({
    status: 529,
    headers: { 'retry-after': '1' },
    json: { error: { type: 'overloaded_error' } },
  })
  expect(await post(port, '/v1/chat/completions', hello)).toMatchObject({
    status: 429,
    headers: { 'retry-after': '1' },
    json: { error: { type: 'rate_limit_error', code: 'overloaded' } },
  })
  expect(await ask(port, { path: '/health' })).toMatchObject({ status: 200 })
  socket.destroy()
  await backend.ended(1)
  const { response, leave } = await open(port, { method: 'POST', path: '/v1/messages', body: streaming })
  expect(response.statusCode).toBe(200)
  response.on('error', () => undefined)
  leave()
})

test('a key that took every place takes none from another key', async () => {
  const headers = (key: string) => ({ 'x-api-key': key })
  const { port } = await play([...begins(), text('a'), { gate: gate().gate }], {
    limits: { maxInFlight: 4 },
    keys: ['key-of-ada', 'key-of-bob'],
  })
  const ask = (key: string) =>
    open(port, { method: 'POST', path: '/v1/messages', body: streaming, headers: headers(key) })
  const flood = await Promise.all(Array.from({ length: 6 }, () => ask('key-of-ada')))
  const others = [await ask('key-of-bob'), await ask('key-of-bob'), await ask('key-of-bob')]
  const statuses = (replies: typeof flood) => replies.map(({ response }) => response.statusCode ?? 0)
  expect(statuses(flood).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 529, 529])
  expect(statuses(others)).toEqual([200, 200, 529])
  for (const { response, leave } of [...flood, ...others]) {
    response.on('error', () => undefined)
    leave()
  }
})

test('a body that has no room beside those under way is told to come back, before it is read', async () => {
  const { port, backend } = await play([...begins(), text('a'), { gate: gate().gate }], {
    limits: { maxBytesInFlight: 1000 },
  })
  const { socket, until } = await connectRaw(port, rawPost('/v1/messages', streaming))
  await until('"a"')
  const large = { ...hello, metadata: { note: 'x'.repeat(1000) } }
  expect(await post(port, '/v1/messages', large)).toMatchObject({ status: 529, headers: { 'retry-after': '1' } })
  expect(await post(port, '/v1/chat/completions', large)).toMatchObject({
    status: 429,
    headers: { 'retry-after': '1' },
  })
  socket.destroy()
  await backend.ended(1)
  const { response, leave } = await open(port, {
    method: 'POST',
    path: '/v1/messages',
    body: { ...large, stream: true },
  })
  expect(response.statusCode).toBe(200)
  response.on('error', () => undefined)
  leave()
})

test('connections beyond the limit are not accepted', async () => {
  const { port } = await start({ limits: { maxConnections: 1 } })
  const first = await connectRaw(port)
  expect(await (await connectRaw(port)).closed).toBe('')
  first.socket.destroy()
})

test('a server on its way out says that it is not ready, and still answers', async () => {
  const { port, server } = await play(says('a'))
  const closing = server.close({ drainDelayMs: 100 })
  expect(await ask(port, { path: '/health' })).toMatchObject({
    status: 503,
    json: { reason: 'the server is shutting down' },
  })
  expect(await post(port, '/v1/messages', hello)).toMatchObject({ status: 200, headers: { connection: 'close' } })
  await closing
})

test('a hundred clients that leave at any time leave nothing behind', async () => {
  const slow: Step[] = Array.from({ length: 50 }, (): Step[] => [{ afterMs: 1 }, text('a')]).flat()
  const { port, backend, server } = await play([{ afterMs: 2 }, ...begins(), ...slow, ...ends(50)], {
    headersAfterMs: 1,
  })
  const visits = Array.from({ length: 100 }, async (_, index) => {
    const path = index % 2 === 0 ? '/v1/messages' : '/v1/chat/completions'
    const { socket } = await connectRaw(port, rawPost(path, index % 3 === 0 ? hello : streaming))
    await delay(index % 40)
    socket.destroy()
  })
  await Promise.all(visits)
  while (server.activeRequests > 0 || backend.open > 0) await delay(5)
  expect([server.activeRequests, backend.open]).toEqual([0, 0])
})

function rawPost(path: string, body: unknown): string {
  const text = JSON.stringify(body)
  return rawRequest(
    `POST ${path}`,
    ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`],
    text,
  )
}
