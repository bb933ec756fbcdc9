import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Answer, FakeHub } from '../../test/support/fake-hub.ts'
import { serveFile, startFakeHub } from '../../test/support/fake-hub.ts'
import { ModelError } from '../core/errors.ts'
import type { ProxySettings } from '../network/proxy.ts'
import { defaultLimits } from './limits.ts'
import type { OpenFile } from './transport.ts'
import { Transport } from './transport.ts'

const content = Buffer.from('the file')
const open: FakeHub[] = []

afterEach(async () => {
  for (const hub of open.splice(0)) await hub[Symbol.asyncDispose]()
})

async function serve(answer: Answer): Promise<FakeHub> {
  const hub = await startFakeHub(answer)
  open.push(hub)
  return hub
}

async function ask(
  url: string,
  settings: {
    readonly endpoint: string
    readonly token?: string
    readonly trustedOrigin?: string
    readonly proxy?: ProxySettings
  },
): Promise<Omit<OpenFile, 'body'> & { readonly text: string }> {
  const { trustedOrigin, ...hub } = settings
  const transport = new Transport({ hub, limits: defaultLimits, ...(trustedOrigin !== undefined && { trustedOrigin }) })
  try {
    const { body, ...file } = await transport.open({ url: new URL(url), offset: 0, signal: AbortSignal.timeout(5000) })
    return { ...file, text: await body.text() }
  } finally {
    await transport.close()
  }
}

async function refusalOf(url: string, settings: Parameters<typeof ask>[1]): Promise<ModelError> {
  const error = await ask(url, settings).catch((error: unknown) => error)
  if (error instanceof ModelError) return error
  throw new Error('the request was not refused', { cause: error })
}

const redirectTo =
  (location: () => string, status = 302): Answer =>
  (_request, response) =>
    void response.writeHead(status, { location: location() }).end()

test('the token goes to the endpoint, and to no other origin that it redirects to', async () => {
  const cdn = await serve((request, response) => serveFile(request, response, { content }))
  const hub = await serve(redirectTo(() => `${cdn.origin}/blob`))
  const file = await ask(`${hub.origin}/a/b`, { endpoint: hub.origin, token: 'hf_secret', trustedOrigin: cdn.origin })
  expect(file.text).toBe('the file')
  expect(hub.seen[0]?.authorization).toBe('Bearer hf_secret')
  expect(cdn.seen[0]?.authorization).toBeUndefined()
})

test('the token is not sent to another port of the same host', async () => {
  const other = await serve((request, response) => serveFile(request, response, { content }))
  await ask(`${other.origin}/x`, { endpoint: 'http://127.0.0.1:1', token: 'hf_secret', trustedOrigin: other.origin })
  expect(other.seen[0]?.authorization).toBeUndefined()
})

test('what the hub says of the file before it redirects is kept', async () => {
  const sha256 = 'a'.repeat(64)
  const hub = await serve((request, response) => {
    if (request.url === '/blob') return serveFile(request, response, { content, etag: '"of-the-cdn"' })
    response.writeHead(302, { location: '/blob', 'x-linked-etag': `"${sha256}"`, 'x-linked-size': '8' }).end()
  })
  expect(await ask(`${hub.origin}/a`, { endpoint: hub.origin })).toMatchObject({
    sha256,
    etag: `"${sha256}"`,
    totalBytes: 8,
    offset: 0,
  })
})

test.each([
  'http://127.0.0.1:9/',
  'http://localhost:9/',
  'https://127.0.0.1:9/',
  'https://10.0.0.1/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/',
  'https://0.0.0.0/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[fd00::1]/',
  'https://[fe80::1]/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://localhost:9/',
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'https://example.com:99999/',
  'javascript:alert(1)',
])('a redirect to %s is refused', async location => {
  const hub = await serve(redirectTo(() => location))
  const error = await refusalOf(`${hub.origin}/a`, { endpoint: hub.origin, token: 'hf_secret' })
  expect(['forbidden', 'unavailable']).toContain(error.kind)
  expect(error.message).toMatch(/not accepted|private|not an address/)
})

test('no redirect reaches a server on this machine that is not the endpoint', async () => {
  const canary = await serve((_request, response) => void response.end('inside'))
  const { port } = new URL(canary.origin)
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f000001', '127.1']) {
    for (const scheme of ['http', 'https']) {
      const hub = await serve(redirectTo(() => `${scheme}://${host}:${port}/`))
      await refusalOf(`${hub.origin}/a`, { endpoint: hub.origin, token: 'hf_secret' })
    }
  }
  expect(canary.seen).toEqual([])
})

test('a name that resolves to this machine is refused where it is connected', async () => {
  const error = await refusalOf('https://localhost:9/model.gguf', { endpoint: 'https://hub.example' })
  expect(error.kind).toBe('forbidden')
  expect(error.message).toContain('private network')
})

test('five redirects are followed and a sixth is not', async () => {
  const chain = await serve((request, response) => {
    const left = Number(request.url?.slice(1))
    if (left === 0) serveFile(request, response, { content })
    else response.writeHead(307, { location: `/${left - 1}` }).end()
  })
  expect((await ask(`${chain.origin}/5`, { endpoint: chain.origin })).text).toBe('the file')
  expect((await refusalOf(`${chain.origin}/6`, { endpoint: chain.origin })).message).toContain('more than 5 times')
})

test('a refused connection is told with the host, in our words', async () => {
  const error = await refusalOf('http://127.0.0.1:1/a', { endpoint: 'http://127.0.0.1:1' })
  expect(error.message).toBe('127.0.0.1:1 cannot be reached: it refuses the connection')
})

test('a proxy is used for what NO_PROXY does not name, though it is on a private network', async () => {
  const proxy = await serve((request, response) => serveFile(request, response, { content }))
  const direct = await serve((request, response) => serveFile(request, response, { content }))
  const settings = { proxy: { httpProxy: proxy.origin, noProxy: '127.0.0.1' } }
  await ask('http://hub.example/a', { endpoint: 'http://hub.example', token: 'hf_x', ...settings })
  await ask(`${direct.origin}/b`, { endpoint: direct.origin, ...settings })
  expect(proxy.seen.map(({ url }) => url)).toEqual(['http://hub.example/a'])
  expect(direct.seen.map(({ url }) => url)).toEqual(['/b'])
})

test('a proxy that does not let a request through is told, and not asked again', async () => {
  const asked: string[] = []
  const proxy = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', data => {
      asked.push(data.toString('latin1').split(' HTTP')[0] ?? '')
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const httpsProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const error = await refusalOf('https://hub.example/a', { endpoint: 'https://hub.example', proxy: { httpsProxy } })
  expect(error.message).toMatch(/^hub\.example cannot be reached: the proxy answered 403/)
  expect(error).toMatchObject({ retry: 'never' })
  expect(asked).toEqual(['CONNECT hub.example:443'])
  proxy.close()
})

test('a proxy does not widen what a name may lead to where it is not used', async () => {
  const proxy = { httpsProxy: 'http://127.0.0.1:1', noProxy: 'localhost' }
  const error = await refusalOf('https://localhost:9/model.gguf', { endpoint: 'https://hub.example', proxy })
  expect(error.kind).toBe('forbidden')
})

test('an endpoint that is no address is refused', () => {
  expect(() => new Transport({ hub: { endpoint: 'nonsense' }, limits: defaultLimits })).toThrow(/HF_ENDPOINT/)
})
