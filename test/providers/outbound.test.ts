import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createOutbound } from '../../src/providers/outbound.ts'
import type { OutboundRequest } from '../../src/providers/outbound.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import { never, provide, request, tell } from './ask.ts'

function question(url: string, isOwnersUrl: boolean): OutboundRequest {
  return { url: new URL(url), method: 'GET', headers: {}, signal: never, isOwnersUrl, onConnected: () => {} }
}

function open(proxy?: Parameters<typeof createOutbound>[0]) {
  const outbound = createOutbound(proxy)
  onTestFinished(() => outbound.close())
  return outbound
}

test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433'])(
  'an address that no owner gave does not lead to this machine by %s',
  async host => {
    await using canary = await startUpstream({})
    const url = `http://${host}:${new URL(canary.origin).port}/`
    await expect(open().send(question(url, false))).rejects.toMatchObject({ code: 'EPRIVATEADDRESS' })
    expect(canary.receivedBytes).toBe(0)
  },
)

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[fd00:ec2::254]/',
  'http://[::ffff:169.254.169.254]/',
  'http://100.100.100.200/',
  'http://2852039166/',
])('nobody is asked where a cloud keeps its secrets: %s', async url => {
  await expect(open().send(question(url, true))).rejects.toMatchObject({ code: 'EPRIVATEADDRESS' })
  const { failure } = await tell(provide({ kind: 'openai', url }).backend.stream(request, never))
  expect(failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('not allowed') })
})

test('what is on this machine is asked without the proxy, and other things through it', async () => {
  await using here = await startUpstream({})
  const asked: string[] = []
  const proxy = createServer()
  proxy.on('connect', ({ url = '' }, socket) => {
    asked.push(url)
    socket.end('HTTP/1.1 502 No\r\n\r\n')
  })
  proxy.on('request', ({ url = '' }, response) => {
    asked.push(url)
    response.writeHead(502).end()
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  const httpProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const outbound = open({ httpProxy, httpsProxy: httpProxy })
  const { statusCode, body } = await outbound.send(question(here.origin, true))
  await body.dump()
  expect([statusCode, asked]).toEqual([200, []])
  await outbound.send(question('https://model.example/', true)).catch(() => {})
  await outbound.send(question('https://cloud.example/', false)).catch(() => {})
  expect(asked).toEqual(['model.example:443', 'cloud.example:443'])
})
