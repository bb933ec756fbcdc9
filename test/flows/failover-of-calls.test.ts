import { describe, expect, test } from 'vitest'
import type { RouteRule, RouteTarget } from '../../src/core/route-rules.ts'
import { ask, post } from '../support/http-client.ts'
import { startUpstream, type Script } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'

/* What is asked beside answers goes its way as answers do: by rules, past what fails, and noted like them. */

const messages = [{ role: 'user', content: 'Hello' }]
const down: Script = { status: 500, body: { error: { message: 'no' } } }
const counted: Script = { body: { input_tokens: 42 } }
const vectors: Script = {
  body: { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 3, total_tokens: 3 } },
}

interface Calls {
  readonly path: string
  readonly body: object
  readonly kind: string
  readonly answer: Script
}

const calls: Readonly<Record<string, Calls>> = {
  'a count of tokens': {
    path: '/v1/messages/count_tokens',
    body: { model: 'm', messages },
    kind: 'anthropic',
    answer: counted,
  },
  embeddings: { path: '/v1/embeddings', body: { model: 'm', input: 'Hello' }, kind: 'openai', answer: vectors },
}

const two: readonly RouteTarget[] = [{ provider: 'one' }, { provider: 'two' }]

async function served(kind: string, scripts: readonly [Script, Script], targets = two) {
  const [first, second] = [await startUpstream(scripts[0]), await startUpstream(scripts[1])]
  const rule: RouteRule = { name: 'both', match: { model: { type: 'exact', text: 'm' } }, targets }
  const server = await serveProviders({
    providers: { one: { kind, url: first.origin }, two: { kind, url: second.origin } },
    rules: [rule],
  })
  const all = [server, first, second]
  const close = async () => {
    for (const each of all) await each[Symbol.asyncDispose]()
  }
  return { port: server.port, log: () => server.log, first, second, [Symbol.asyncDispose]: close }
}

describe.each(Object.entries(calls))('%s', (_, { path, body, kind, answer }) => {
  test('comes from the next target when the first one fails, and says so in headers and the log', async () => {
    await using there = await served(kind, [down, answer])
    expect(await post(there.port, path, body)).toMatchObject({
      status: 200,
      headers: { 'x-duologue-target': 'two/m', 'x-duologue-attempts': '2', 'x-duologue-route': 'both' },
    })
    expect(there.log().at(-1)).toMatchObject({
      attempts: [{ target: 'one/m', failure: 'unavailable' }, { target: 'two/m' }],
      model: 'm',
    })
  })

  test('that fails everywhere says where it went', async () => {
    await using there = await served(kind, [down, { status: 401, body: {} }])
    expect(await post(there.port, path, body)).toMatchObject({
      status: 503,
      headers: { 'x-duologue-attempts': '2', 'x-duologue-route': 'both' },
    })
  })

  test('passes over a target that rests, and counts for its health', async () => {
    await using there = await served(kind, [down, answer])
    for (let request = 0; request < 6; request += 1) await post(there.port, path, body)
    expect(there.first.seen).toHaveLength(5)
    expect(there.second.seen).toHaveLength(6)
  })

  test('that is refused as wrong is not asked for elsewhere', async () => {
    await using there = await served(kind, [{ status: 400, body: { error: { message: 'wrong' } } }, answer])
    expect(await post(there.port, path, body)).toMatchObject({ status: 400 })
    expect(there.second.everConnected).toBe(0)
  })

  test('leaves a target that takes longer than its rule allows', async () => {
    const slow: RouteTarget = { provider: 'one', timeouts: { totalMs: 50 } }
    await using there = await served(kind, [() => undefined, answer], [slow, { provider: 'two' }])
    expect(await post(there.port, path, body)).toMatchObject({ headers: { 'x-duologue-target': 'two/m' } })
    expect(there.log().at(-1)).toMatchObject({
      attempts: [{ target: 'one/m', failure: 'timeout' }, { target: 'two/m' }],
    })
  })

  test('is asked for no more once its client has left', async () => {
    const leaving = new AbortController()
    const leave: Script = () => leaving.abort()
    await using there = await served(kind, [leave, answer])
    const request = fetch(`http://127.0.0.1:${there.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    })
    await expect(request).rejects.toThrow('aborted')
    await there.first.disconnected()
    expect(there.second.everConnected).toBe(0)
  })
})

describe('vectors of two models cannot be compared, so embeddings', () => {
  const alias = { alias: { type: 'exact', text: 'm' }, model: 'other' } as const
  const body = { model: 'm', input: 'Hello' }

  test('come from another model where the rule names it', async () => {
    const named: readonly RouteTarget[] = [{ provider: 'one' }, { provider: 'two', model: 'n' }]
    await using there = await served('openai', [down, vectors], named)
    expect(await post(there.port, '/v1/embeddings', body)).toMatchObject({ headers: { 'x-duologue-target': 'two/n' } })
  })

  test('do not come from another one that merely stands in for a name', async () => {
    await using broken = await startUpstream(down)
    await using asked = await startUpstream(vectors)
    await using server = await serveProviders({
      providers: { one: { kind: 'openai', url: broken.origin }, two: { kind: 'openai', url: asked.origin } },
      aliases: [alias],
      rules: [
        {
          name: 'both',
          match: { model: { type: 'exact', text: 'm' } },
          targets: [{ provider: 'one', model: 'other' }, { provider: 'two' }],
        },
      ],
    })
    expect((await post(server.port, '/v1/embeddings', body)).status).toBe(503)
    expect(asked.everConnected).toBe(0)
  })
})

test('what must stay here is asked of no target that is not local, whatever fails', async () => {
  await using there = await served('anthropic', [down, counted])
  const { path, body } = calls['a count of tokens'] ?? { path: '', body: {} }
  const headers = { 'x-duologue-local-only': 'yes' }
  expect((await ask(there.port, { method: 'POST', path, headers, body })).status).toBe(403)
  expect([there.first.everConnected, there.second.everConnected]).toEqual([0, 0])
})
