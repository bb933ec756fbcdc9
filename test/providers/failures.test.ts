import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { keptStream, startUpstream } from '../support/scripted-upstream.ts'
import { canary, never, provide, request, tell } from './ask.ts'

async function failure(script: Script, settings: object = {}) {
  await using upstream = await startUpstream(script)
  const { backend } = provide({ kind: 'openai', url: upstream.origin, ...settings })
  const told = await tell(backend.stream(request, never))
  return told.failure
}

const text = await keptStream('openai-chat', 'openai-text.1')

test.each(['openai', 'anthropic'])(
  'what an upstream never does, as %s says with 501, is no failure of it',
  async kind => {
    expect(await failure({ status: 501, body: {} }, { kind })).toMatchObject({ kind: 'not-found' })
  },
)

describe('an upstream that fails', () => {
  test.each([
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [503, 'overloaded'],
    [529, 'overloaded'],
    [404, 'not-found'],
    [400, 'invalid-request'],
    [402, 'quota-exhausted'],
  ])('with %d is %s', async (status, kind) => {
    const error = await failure({ status, headers: { 'retry-after': '7' }, body: { error: { message: 'no' } } })
    expect(error).toMatchObject({ kind, retryAfterMs: 7000 })
  })

  test.each([
    [429, 'rate-limited', {}],
    [500, 'unavailable', { idleMs: 60, firstTokenMs: 60 }],
  ])('with %d, and never ends what it says of that, is %s', async (status, kind, timeouts) => {
    const stalls = (response: ServerResponse) => {
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' }).write('{"error":{"mess')
    }
    expect(await failure(stalls, { timeouts })).toMatchObject({ kind, retryAfterMs: 7000 })
  })

  test('with 429, and is cut while it says why, is rate-limited', async () => {
    const error = await failure(async (response: ServerResponse) => {
      response.writeHead(429, { 'retry-after': '7' }).write('{"error":{"mess')
      await delay(5)
      response.socket?.resetAndDestroy()
    })
    expect(error).toMatchObject({ kind: 'rate-limited', retryAfterMs: 7000 })
  })

  test('and says more of it than is read fails all the same', async () => {
    const error = await failure((response: ServerResponse) => {
      response.writeHead(529).write('x'.repeat(200_000))
    })
    expect(error).toMatchObject({ kind: 'overloaded' })
  })

  test('because of the key says whose key it is', async () => {
    const error = await failure({ status: 401, body: { error: { message: `bad key ${canary}` } } })
    expect(error).toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining('check the key of this provider'),
    })
  })

  test('with a page in place of an answer is unavailable', async () => {
    const error = await failure({ headers: { 'content-type': 'text/html' }, body: '<h1>Log in</h1>' })
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('check its url') })
  })

  test('is not there at all is unavailable, by its name', async () => {
    const { origin } = await startUpstream({}).then(async upstream => {
      await upstream[Symbol.asyncDispose]()
      return upstream
    })
    const { failure } = await tell(provide({ kind: 'openai', url: origin }).backend.stream(request, never))
    expect(failure).toMatchObject({
      kind: 'unavailable',
      message: 'there cannot be reached: it refuses the connection',
    })
  })
})

test.each([301, 302, 303, 307, 308])(
  'a redirect (%d) is not followed, and nothing goes where it leads',
  async status => {
    await using elsewhere = await startUpstream({})
    const error = await failure({ status, headers: { location: `${elsewhere.origin}/v1/chat/completions` } })
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('redirects') })
    expect(elsewhere.receivedBytes).toBe(0)
  },
)

test.each([
  [400, { error: { message: `you sent ${canary}`, type: 'invalid_request_error' } }],
  [500, { error: { message: `\u202e${canary}\u0007`, code: canary } }],
  [403, canary],
])('an upstream that answers %d with the key in its words does not make us tell it', async (status, body) => {
  for (const kind of ['openai', 'anthropic']) {
    const error = await failure({ status, body }, { kind })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(canary)
    expect(inspect(error)).not.toMatch(/\u202e|\p{Cc}(?<!\n)/u)
  }
})

test('a key within a stream is not told either, nor an owner’s header', async () => {
  const event = JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: `${canary} team-7` } })
  const error = await failure(
    { events: [event], isNamed: true },
    { kind: 'anthropic', headers: { 'x-team': new Secret('team-7') } },
  )
  expect(error).toMatchObject({ kind: 'invalid-request', cause: { message: '[secret] [secret]' } })
})

describe('what takes too long', () => {
  test.each([
    ['firstTokenMs', 'first-token', { ...text, stallAt: 0 }],
    ['firstTokenMs', 'first-token', { ...text, stallAt: 1 }],
    ['idleMs', 'idle', { ...text, stallAt: 3 }],
    ['totalMs', 'total', { ...text, stallAt: 3 }],
    ['totalMs', 'total', () => {}],
  ] as const)('is ended by %s, which the message names as the file does: %s', async (timer, name, script) => {
    const error = await failure(script, { timeouts: { [timer]: 60 } })
    expect(error).toMatchObject({ kind: 'timeout', message: expect.stringContaining(`(timeouts.${name})`) })
  })

  test('is ended by connectMs where nobody takes the connection', async () => {
    const sockets: Socket[] = []
    let isGivenUp = false
    await using silent = createServer(socket => {
      sockets.push(socket)
      socket.on('data', () => {}).on('end', () => (isGivenUp = true))
    })
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const { backend } = provide({ kind: 'openai', url, timeouts: { connectMs: 60 } })
    const { failure } = await tell(backend.stream(request, never))
    // It is told at once, and not when whatever connects gives up too.
    await delay(50)
    expect(isGivenUp).toBe(false)
    for (const socket of sockets) socket.destroy()
    expect(failure).toMatchObject({ kind: 'timeout', message: expect.stringContaining('(timeouts.connect)') })
  })

  test('does not count while the client is slow to read', async () => {
    await using upstream = await startUpstream(text)
    const { backend } = provide({ kind: 'openai', url: upstream.origin, timeouts: { idleMs: 40 } })
    const types: string[] = []
    for await (const event of backend.stream(request, never)) {
      types.push(event.type)
      await delay(15)
    }
    expect(types.at(-1)).toBe('end')
  })
})

describe('a client that leaves', () => {
  test.each([
    ['before the head', () => {}],
    ['before the first event', { ...text, stallAt: 0 }],
    ['in the middle', { ...text, stallAt: 3 }],
  ] as const)('%s closes the connection to the upstream', async (_, script) => {
    await using upstream = await startUpstream(script)
    const { backend } = provide({ kind: 'openai', url: upstream.origin })
    const leaving = new AbortController()
    const told = tell(backend.stream(request, leaving.signal))
    await upstream.asked(1)
    leaving.abort()
    expect(await told).toMatchObject({ failure: { kind: 'aborted' } })
    await upstream.disconnected()
  })

  test('and has left already asks nothing', async () => {
    await using upstream = await startUpstream(text)
    const { backend } = provide({ kind: 'openai', url: upstream.origin })
    expect(await tell(backend.stream(request, AbortSignal.abort()))).toMatchObject({ failure: { kind: 'aborted' } })
    expect(upstream.receivedBytes).toBe(0)
  })

  test('by returning closes the connection as well', async () => {
    await using upstream = await startUpstream({ ...text, stallAt: 3 })
    const { backend } = provide({ kind: 'openai', url: upstream.origin })
    for await (const event of backend.stream(request, never)) if (event.type === 'text-delta') break
    await upstream.disconnected()
    expect(upstream.seen).toHaveLength(1)
  })
})

describe('a hostile upstream', () => {
  test('with a line that never ends is given up', async () => {
    const error = await failure((response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: ')
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('an event of more than') })
  })

  test('that announces ten gigabytes is not read', async () => {
    await using upstream = await startUpstream(response => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 10 * 1024 ** 3 })
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024, 0x20)));
      }
      response.on('drain', more)
      more()
    })
    const { failure } = await tell(provide({ kind: 'openai', url: upstream.origin }).backend.stream(request, never))
    expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('sent more than') })
    await upstream.disconnected()
  })

  test.each(['gzip', 'br', `${'gzip, '.repeat(1000)}gzip`])('that compresses is not unpacked', async encoding => {
    const error = await failure({ headers: { 'content-encoding': encoding }, body: 'x' })
    expect(error).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('compressed') })
  })

  test('that informs without end is ended by the clock', async () => {
    const error = await failure(
      (response: ServerResponse) => {
        const timer = setInterval(() => response.writeProcessing(), 1)
        response.on('close', () => clearInterval(timer))
      },
      { timeouts: { firstTokenMs: 80 } },
    )
    expect(error).toMatchObject({ kind: 'timeout' })
  })

  test.each([
    ['text that is not JSON', 'not json'],
    ['an array', '[]'],
    ['nothing', 'null'],
    ['a second start', '{"type":"message_start","message":{"id":"x"}}'],
  ])('that sends %s as an event ends in a failure, never in a fake end', async (_, data) => {
    for (const [kind, stream] of [
      ['openai', text],
      ['anthropic', await keptStream('anthropic-messages', 'anthropic-text.1')],
    ] as const) {
      await using upstream = await startUpstream({ ...stream, garbledAt: { event: 2, data } })
      const told = await tell(provide({ kind, url: upstream.origin }).backend.stream(request, never))
      expect(told.failure).toMatchObject({ kind: 'unavailable' })
      expect(told.events.map(({ type }) => type)).not.toContain('end')
    }
  })

  test('that sends a head without end is refused', async () => {
    const error = await failure({ headers: { 'x-long': 'x'.repeat(100_000) } })
    expect(error).toMatchObject({ kind: 'unavailable', message: 'there sent headers that are too long' })
  })
})
