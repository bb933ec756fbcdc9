import { describe, expect, test } from 'vitest'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import { ask } from '../support/http-client.ts'
import { startUpstream, type Script } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'

/* A count goes where its answer would go and loses what that would lose; nobody else gets to see the prompt. */

const counted: Script = { body: { input_tokens: 42 } }
const down: Script = { status: 500, body: { error: { message: 'no' } } }

const count = '/v1/messages/count_tokens'
const messages = [{ role: 'user', content: 'x'.repeat(400) }]

type Place = Pick<ProviderSettings, 'kind' | 'protocol'>

const anthropic: Place = { kind: 'anthropic' }
const openai: Place = { kind: 'openai' }
const responses: Place = { kind: 'openai', protocol: 'openai-responses' }

/** Providers of these kinds, which a rule asks in turn. */
async function served(...places: readonly (readonly [place: Place, script: Script])[]) {
  const upstreams = await Promise.all(places.map(([, script]) => startUpstream(script)))
  const server = await serveProviders({
    providers: Object.fromEntries(
      places.map(([place], index) => [`p${index}`, { ...place, url: upstreams[index]?.origin ?? '' }]),
    ),
    rules: [{ name: 'all', match: {}, targets: places.map((_, index) => ({ provider: `p${index}` })) }],
  })
  const close = async () => {
    for (const each of [server, ...upstreams]) await each[Symbol.asyncDispose]()
  }
  const send = (path: string, body: object, headers = {}) => ask(server.port, { method: 'POST', path, body, headers })
  const connected = () => upstreams.map(({ everConnected }) => everConnected > 0)
  return { send, connected, line: () => server.log.at(-1), [Symbol.asyncDispose]: close }
}

describe('what a target cannot be told', () => {
  const body = { model: 'm', input: 'Hello', tools: [{ type: 'web_search' }] }
  const limited = { ...body, max_output_tokens: 5 }
  const strict = { 'x-duologue-strict': 'true' }

  test('refuses a strict count as it refuses the answer, before anything is sent', async () => {
    await using there = await served([anthropic, counted])
    const refusal = await there.send('/v1/responses', limited, strict)
    expect(refusal.status).toBe(400)
    expect(await there.send('/v1/responses/input_tokens', body, strict)).toMatchObject({
      status: 400,
      json: { error: { message: refusal.json.error.message } },
    })
    expect(there.connected()).toEqual([false])
  })

  test('is told of any other count, in the header and in the log', async () => {
    await using there = await served([anthropic, counted])
    expect(await there.send('/v1/responses/input_tokens', body)).toMatchObject({
      status: 200,
      json: { input_tokens: 42 },
      headers: { 'x-duologue-losses': expect.stringContaining('tools') },
    })
    expect(there.line()).toMatchObject({ losses: [expect.stringContaining('tools')] })
  })

  test('is not what an answer alone would need', async () => {
    await using there = await served([anthropic, counted])
    expect(await there.send(count, { model: 'm', messages }, strict)).toMatchObject({ status: 200 })
  })

  test('has a strict count go to the target that can be told all', async () => {
    await using there = await served([anthropic, counted], [responses, down])
    expect(await there.send('/v1/responses/input_tokens', body, strict)).toMatchObject({
      status: 200,
      headers: { 'x-duologue-target': 'p1/m', 'x-duologue-count': 'estimated' },
    })
    expect(there.connected()).toEqual([false, false])
  })
})

describe('where the answer would come from a target that cannot count', () => {
  test('the tokens are estimated, and the prompt is sent to nobody', async () => {
    await using there = await served([openai, down], [anthropic, counted])
    expect(await there.send(count, { model: 'm', messages })).toMatchObject({
      status: 200,
      json: { input_tokens: 100 },
      headers: { 'x-duologue-target': 'p0/m', 'x-duologue-route': 'all', 'x-duologue-count': 'estimated' },
    })
    expect(there.line()).toMatchObject({ target: 'p0/m', isEstimated: true })
    expect(there.line()).not.toHaveProperty('attempts')
    expect(there.connected()).toEqual([false, false])
  })

  test('after another one failed, they are estimated just so', async () => {
    await using there = await served([anthropic, down], [openai, down], [anthropic, counted])
    expect(await there.send(count, { model: 'm', messages })).toMatchObject({
      json: { input_tokens: 100 },
      headers: { 'x-duologue-target': 'p1/m', 'x-duologue-attempts': '1', 'x-duologue-count': 'estimated' },
    })
    expect(there.connected()).toEqual([true, false, false])
  })
})

test('a count by the target of the answer is no estimate', async () => {
  await using there = await served([anthropic, counted])
  const { headers, json } = await there.send(count, { model: 'm', messages })
  expect(json).toEqual({ input_tokens: 42 })
  expect(headers).not.toHaveProperty('x-duologue-count')
})
