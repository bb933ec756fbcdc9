import { beforeAll, expect, test } from 'vitest'
import { connectRaw, post, rawRequest } from '../support/http-client.ts'
import { dataFolderWith } from './data-folder.ts'
import { installedProgram } from './installed-program.ts'
import { serve } from './served.ts'
import type { Served } from './served.ts'
import { bodyFor, isWhole, openStream, paths, protocols, stream } from './streamed-answer.ts'

/** So many that no test waits for their end: an answer of this length never gives its place back by itself. */
const endless = 120_000

let main: string
beforeAll(async () => {
  ;({ main } = await installedProgram())
})

async function serveTiny(...flags: readonly string[]): Promise<Served> {
  const data = await dataFolderWith({ tiny: { contextLength: 131_072 } })
  return serve(main, ['--model', 'tiny', '--context', '131072', '--log-level', 'error', ...flags], data)
}

test.each(protocols)('a client of %s that leaves gives its place to the one who waits', async protocol => {
  const { port } = await serveTiny('--slots', '1')
  const first = await stream(port, protocol, { maxTokens: endless })
  const second = post(port, paths[protocol], bodyFor({ maxTokens: 8 }))
  // The first one still has the only place.
  for (let piece = 0; piece < 50; piece += 1) await first.more()
  const winner = await Promise.race([second.then(() => 'second'), first.more().then(() => 'first')])
  expect(winner).toBe('first')
  first.leave()
  expect((await second).status).toBe(200)
})

test('a client that leaves while it waits is passed over', async () => {
  const { port } = await serveTiny('--slots', '1')
  const first = await stream(port, 'openai', { maxTokens: endless })
  const second = await openStream(port, 'openai', { maxTokens: endless })
  const third = post(port, paths.openai, bodyFor({ maxTokens: 8 }))
  second.leave()
  await first.more()
  first.leave()
  expect((await third).status).toBe(200)
})

test('a reader that pauses in the middle holds up nobody, and misses nothing', async () => {
  const { port } = await serveTiny('--slots', '4')
  const question = { maxTokens: 2000 }
  const slow = await stream(port, 'anthropic', question)
  slow.pause()
  const others = await Promise.all(protocols.map(async protocol => stream(port, protocol, { maxTokens: 200 })))
  const received = await Promise.all(others.map(async ({ whole }) => whole))
  expect(protocols.map((protocol, index) => isWhole(protocol, received[index] ?? ''))).toEqual([true, true])
  slow.resume()
  const whole = await slow.whole
  expect(isWhole('anthropic', whole)).toBe(true)
  expect(whole).toMatch(/"output_tokens":2000\b/)
})

test('a request that comes one byte at a time is answered', async () => {
  const { port } = await serveTiny()
  const body = JSON.stringify(bodyFor({ maxTokens: 4 }))
  const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Connection: close']
  const connection = await connectRaw(port)
  connection.socket.setNoDelay(true)
  for (const byte of rawRequest(`POST ${paths.openai}`, headers, body)) {
    connection.socket.write(byte)
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"chat\.completion"/)
})

test('a client that closes its side of the connection is taken to have left', async () => {
  const { port } = await serveTiny('--slots', '1')
  const body = JSON.stringify(bodyFor({ maxTokens: endless, stream: true }))
  const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`]
  const halfOpen = await connectRaw(port, rawRequest(`POST ${paths.anthropic}`, headers, body))
  await halfOpen.until('text_delta')
  const next = post(port, paths.openai, bodyFor({ maxTokens: 8 }))
  halfOpen.socket.end()
  expect((await next).status).toBe(200)
  await halfOpen.closed
})

test('connections that never finish their request are closed, and hold up nobody', async () => {
  const { port } = await serveTiny()
  const begun = rawRequest(`POST ${paths.openai}`, ['Content-Type: application/json', 'Content-Length: 1000'], '{')
  const stuck = await Promise.all(
    [...Array.from({ length: 20 }, () => 'POST /v1/mess'), ...Array.from({ length: 20 }, () => begun)].map(
      async bytes => connectRaw(port, bytes),
    ),
  )
  expect((await post(port, paths.openai, bodyFor({ maxTokens: 4 }))).status).toBe(200)
  const [first] = stuck
  expect(await first?.closed).toMatch(/^HTTP\/1\.1 408 /)
  for (const { socket } of stuck) socket.destroy()
  expect((await post(port, paths.openai, bodyFor({ maxTokens: 4 }))).status).toBe(200)
})
