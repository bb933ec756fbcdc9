import { expect, test } from 'vitest'
import { ask, connectRaw, rawRequest } from '../support/http-client.ts'
import { start } from '../support/start-server.ts'

test('an address in use is told to whoever wants to listen on it', async () => {
  const { port } = await start()
  await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('a server that is closed twice is closed', async () => {
  const { server, port } = await start()
  await Promise.all([server.close(), server.close()])
  await expect(ask(port, { path: '/health' })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a server that never listened can be closed', async () => {
  const { server } = await start({ isListening: false })
  await server.close()
  expect(server.activeRequests).toBe(0)
})

test('idle connections do not keep a server from closing', async () => {
  const { server, port } = await start()
  const silent = await connectRaw(port)
  const used = await connectRaw(port, rawRequest('GET /health'))
  await used.until('"ready":true')
  await server.close({ graceMs: 60_000 })
  expect(await silent.closed).toBe('')
  expect(await used.closed).toContain('200 OK')
})

test('a request that comes on an open connection while the server closes is refused', async () => {
  const { server, port } = await start()
  const half = await connectRaw(port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n')
  const busy = await connectRaw(
    port,
    rawRequest('POST /v1/messages', ['Content-Type: application/json', 'Content-Length: 9']),
  )
  while (server.activeRequests === 0) await new Promise(resolve => setImmediate(resolve))
  const closing = server.close({ graceMs: 300 })
  half.socket.write('\r\n')
  expect(await half.closed).toMatch(/^HTTP\/1\.1 503 [^]*the server is shutting down/)
  await closing
  expect(await busy.closed).toContain('HTTP/1.1 503')
})
