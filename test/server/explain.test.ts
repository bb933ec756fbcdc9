import { expect, test } from 'vitest'
import type { Backend } from '../../src/core/backend.ts'
import type { CacheReport } from '../../src/core/cache-report.ts'
import { askExplanation } from '../../src/server/ask-explanation.ts'
import { askRoute } from '../../src/server/ask-route.ts'
import { start } from '../support/start-server.ts'

const report: CacheReport = {
  promptTokens: 900,
  reusedTokens: 20,
  restoredTokens: 0,
  outcome: 'differs',
  difference: {
    token: 20,
    lostTokens: 880,
    place: 'system.0',
    before: 'It is ',
    asked: 'Mönday\n',
    kept: 'Sunday',
  },
}

const backend: Backend = {
  name: 'scripted',
  isLocal: true,
  async *stream({ model }) {
    yield { type: 'start', id: 'a', model, usage: { inputTokens: 900, cacheReadTokens: 20 }, cache: report }
    yield { type: 'block-start', index: 0, block: { type: 'text' } }
    yield { type: 'text-delta', index: 0, text: 'Hi' }
    yield { type: 'block-end', index: 0 }
    yield { type: 'end', stop: { reason: 'end-turn' }, usage: { outputTokens: 1 } }
  },
}

const question = (more: object = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }], ...more }),
})

interface Asked {
  readonly headers?: Record<string, string>
  readonly isStreaming?: boolean
}

async function ask(port: number, { headers = {}, isStreaming = false }: Asked = {}): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/messages`, {
    ...question({ stream: isStreaming }),
    headers: { 'content-type': 'application/json', ...headers },
  })
  await response.text()
  return response
}

test.each(['constructor', 'toString', 'v1/rerank'])('of a route for %s there is nothing to explain', async path => {
  const { port } = await start({ backends: [backend] })
  const { status } = await fetch(`http://127.0.0.1:${port}/duologue/explain/route/${path}`, {
    ...question(),
    headers: { 'content-type': 'application/json' },
  })
  expect(status).toBe(404)
})

const idOf = (response: Response): string => response.headers.get('request-id') ?? ''
const never = new AbortController().signal

test.each([true, false])('a client that asks for it gets the report in a header (streamed: %s)', async isStreaming => {
  const { port } = await start({ backends: [backend] })
  const response = await ask(port, { headers: { 'x-duologue-explain': 'cache' }, isStreaming })
  const header = response.headers.get('x-duologue-cache') ?? ''
  expect(header).toMatch(/^[ -~]+$/)
  const { kept: _kept, ...own } = report.difference ?? {}
  expect(JSON.parse(header)).toEqual({ ...report, difference: own })
  expect((await ask(port)).headers.has('x-duologue-cache')).toBe(false)
})

test('the report is given by the id of the request', async () => {
  const { port } = await start({ backends: [backend] })
  const id = idOf(await ask(port))
  expect(await askExplanation(id, { url: `http://127.0.0.1:${port}` }, never)).toEqual(report)
})

test('where there are several keys, what others said is not told', async () => {
  const { port } = await start({ backends: [backend], keys: ['one', 'two'] })
  const id = idOf(await ask(port, { headers: { 'x-api-key': 'one' } }))
  const told = await askExplanation(id, { url: `http://127.0.0.1:${port}`, key: 'two' }, never)
  expect(told.difference).not.toHaveProperty('kept')
  expect(told.difference?.place).toBe('system.0')
})

test('who has no key learns nothing', async () => {
  const { port } = await start({ backends: [backend], keys: ['one'] })
  const id = idOf(await ask(port, { headers: { 'x-api-key': 'one' } }))
  await expect(askExplanation(id, { url: `http://127.0.0.1:${port}` }, never)).rejects.toMatchObject({
    kind: 'unauthorized',
  })
})

test('an unknown id and an absent server are told apart', async () => {
  const { port, server } = await start({ backends: [backend] })
  const address = { url: `http://127.0.0.1:${port}` }
  await expect(askExplanation('req_unknown', address, never)).rejects.toMatchObject({ kind: 'not-found' })
  await server.close()
  await expect(askExplanation('req_unknown', address, never)).rejects.toThrow(/no server answers at/)
})

test('the words of a prompt are told to the client of its key, and to no other', async () => {
  const { port } = await start({ backends: [backend], keys: ['one', 'two'] })
  const id = idOf(await ask(port, { headers: { 'x-api-key': 'one' } }))
  const tell = (key: string) => askExplanation(id, { url: `http://127.0.0.1:${port}`, key }, never)
  expect((await tell('one')).difference).toMatchObject({ before: 'It is ', asked: 'Mönday\n' })
  expect((await tell('two')).difference).toEqual({
    token: 20,
    lostTokens: 880,
    place: 'system.0',
    before: '',
    asked: '',
  })
})

test('the log says where a prompt differs, and not what it says', async () => {
  const { port, log, logText } = await start({ backends: [backend] })
  await ask(port)
  await expect
    .poll(() => log.find(({ cache }) => cache !== undefined))
    .toMatchObject({
      cache: { outcome: 'differs', place: 'system.0', differsAt: 20, restoredTokens: 0 },
    })
  expect(logText()).not.toMatch(/Sunday|nday/)
})

test('where a request would go is told by the running server, in its own words where it cannot', async () => {
  const request = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] }
  const asked = { protocol: 'openai-chat', request, headers: {} } as const
  const { port, server } = await start({ backends: [backend], keys: ['one'] })
  const address = { url: `http://127.0.0.1:${port}`, key: 'one' }
  expect(await askRoute(asked, address, never)).toMatchObject({ route: 'here', targets: [{ provider: 'local' }] })
  const unreadable = askRoute({ ...asked, request: { model: 7 } }, address, never)
  await expect(unreadable).rejects.toMatchObject({ kind: 'invalid-request', message: expect.stringContaining('model') })
  await expect(askRoute(asked, { url: address.url }, never)).rejects.toMatchObject({ kind: 'unauthorized' })
  await server.close()
  await expect(askRoute(asked, address, never)).rejects.toThrow(/no server answers at/)
})
