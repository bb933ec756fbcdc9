import { expect, test } from 'vitest'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { ask, post } from '../support/http-client.ts'
import { startUpstream, type Script } from '../support/scripted-upstream.ts'
import { serveProviders, type ServeOptions } from '../support/serve-providers.ts'

/* What the one line of each request says of who answered, by which rule, and why others did not. */

const body = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'My methotrexate dose is wrong' }] }
const path = '/v1/chat/completions'

const refusal: Script = {
  status: 400,
  body: { error: { message: "Unsupported value: 'My methotrexate dose is wrong' is not supported with this model." } },
}

const answered: Script = {
  body: {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  },
}

async function served(
  scripts: readonly Script[],
  changes: Partial<RouteRule & Pick<ServeOptions, 'headersAfterMs'>> = {},
) {
  const { headersAfterMs, ...rule } = changes
  const upstreams = await Promise.all(scripts.map(script => startUpstream(script)))
  const ids = upstreams.map((_, index) => `p${index}`)
  const server = await serveProviders({
    providers: Object.fromEntries(
      upstreams.map(({ origin }, index) => [`p${index}`, { kind: 'openai', url: origin, isLocal: true }]),
    ),
    rules: [{ name: 'by rule', match: {}, targets: ids.map(provider => ({ provider, retries: 0 })), ...rule }],
    ...(headersAfterMs !== undefined && { headersAfterMs }),
  })
  const close = async () => {
    for (const each of [server, ...upstreams]) await each[Symbol.asyncDispose]()
  }
  return { port: server.port, line: () => server.log.at(-1), [Symbol.asyncDispose]: close }
}

test('a single failure is told with its target, its rule, and what the upstream said in plain words', async () => {
  await using there = await served([refusal])
  expect((await post(there.port, path, body)).status).toBe(400)
  expect(there.line()).toMatchObject({
    endpoint: 'POST /v1/chat/completions',
    route: 'by rule',
    attempts: [
      {
        target: 'p0/m',
        failure: 'invalid-request',
        why: 'the upstream refused the request as invalid',
        said: 'unsupported value … is wrong is not supported with this model',
      },
    ],
  })
  expect(there.line()).not.toHaveProperty('target')
})

test('an answer is told with who gave it, and what was tried before', async () => {
  await using there = await served([{ status: 500, body: { error: { message: 'no capacity' } } }, answered])
  expect((await post(there.port, path, body)).status).toBe(200)
  expect(there.line()).toMatchObject({
    target: 'p1/m',
    route: 'by rule',
    attempts: [{ target: 'p0/m', failure: 'unavailable', said: 'no capacity' }, { target: 'p1/m' }],
  })
  expect(there.line()).not.toHaveProperty('localOnly')
})

test('the only attempt of an answer is told as well', async () => {
  await using there = await served([answered])
  expect((await post(there.port, path, body)).status).toBe(200)
  expect(there.line()).toMatchObject({ target: 'p0/m', attempts: [{ target: 'p0/m' }] })
})

test('what kept a request local is told', async () => {
  await using by = await served([answered], { isLocalOnly: true })
  await post(by.port, path, body)
  expect(by.line()).toMatchObject({ localOnly: 'the rule "by rule" is local-only' })
  await using there = await served([answered])
  await ask(there.port, { method: 'POST', path, body, headers: { 'x-duologue-local-only': 'true' } })
  expect(there.line()).toMatchObject({ localOnly: 'the request itself asks to stay local' })
})

function chunk(delta: object, finish_reason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason }]
  return JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices })
}

test('an upstream that fails within its stream is told with its words', async () => {
  const broken = JSON.stringify({ error: { message: 'worker ended while processing methotrexate' } })
  await using there = await served([{ events: [chunk({ role: 'assistant', content: 'Hel' }), broken] }])
  await post(there.port, path, { ...body, stream: true })
  expect(there.line()).toMatchObject({
    target: 'p0/m',
    failure: { kind: 'unavailable', said: 'worker … while processing …' },
  })
})

test('a stream whose headers go out before its target is found names its rule in them, and all else in the log', async () => {
  const held = Promise.withResolvers<undefined>()
  const late: Script = async response => {
    await held.promise
    response.writeHead(500).end('{}')
  }
  await using there = await served([late, { events: [chunk({ content: 'Hello' }), chunk({}, 'stop'), '[DONE]'] }], {
    headersAfterMs: 1,
  })
  const reply = await fetch(`http://127.0.0.1:${there.port}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, top_k: 4, stream: true }),
  })
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'x-duologue-route': 'by rule',
    'x-request-id': expect.stringMatching(/^req_/),
  })
  for (const name of ['target', 'attempts', 'losses']) expect(reply.headers.has(`x-duologue-${name}`)).toBe(false)
  held.resolve(undefined)
  expect(await reply.text()).toContain('Hello')
  expect(there.line()).toMatchObject({
    requestId: reply.headers.get('x-request-id'),
    route: 'by rule',
    target: 'p1/m',
    losses: [expect.stringContaining('topK')],
    attempts: [{ target: 'p0/m', failure: 'unavailable' }, { target: 'p1/m' }],
  })
})
