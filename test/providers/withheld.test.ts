import { expect, onTestFinished, test } from 'vitest'
import type { ProtocolId } from '../../src/core/extras.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import type { ModelRequest } from '../../src/core/request.ts'
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.ts'
import { openaiChat } from '../../src/protocols/openai-chat/index.ts'
import { openaiResponses } from '../../src/protocols/openai-responses/index.ts'
import { kinds } from '../../src/providers/registry.ts'
import { ask } from '../support/http-client.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'
import { never, provide, tell } from './ask.ts'

const messages = [{ role: 'user', content: 'Hello' }]
const decoders: Readonly<Record<ProtocolId, (fields: JsonObject) => ModelRequest>> = {
  'anthropic-messages': fields =>
    anthropicMessages.server.decodeRequest({ model: 'm', max_tokens: 9, messages, ...fields }, {}).request,
  'openai-chat': fields =>
    openaiChat.server.decodeRequest({ model: 'm', max_tokens: 9, messages, ...fields }, {}).request,
  'openai-responses': fields =>
    openaiResponses.server.decodeRequest({ model: 'm', input: messages, ...fields }, {}).request,
}

/** Asks an upstream for what a client asked for in its own protocol. */
async function send(
  fields: JsonObject,
  kind: Omit<Partial<ProviderSettings>, 'protocol'> & { kind: string },
  protocol: ProtocolId,
) {
  await using upstream = await startUpstream({ status: 529, body: {} })
  const { backend } = provide({ ...kind, url: upstream.origin, protocol, isLocal: false })
  const request = decoders[protocol](fields)
  const isRelayed = backend.relays?.({ protocol, isStreaming: false, includesUsage: false }, request) === true
  const losses = backend.losses?.(request) ?? []
  await tell(backend.stream(request, never))
  return { isRelayed, losses: losses.map(({ field }) => field), body: JSON.parse(upstream.seen[0]?.body ?? '{}') }
}

const choices: JsonObject = {
  models: ['other'],
  route: 'fallback',
  preset: 'p',
  fallbacks: ['other'],
  api_base: 'http://x',
}

const ways = kinds.flatMap(({ id, dialects }) => dialects.map(({ protocol }) => ({ kind: id, protocol })))

test.each(ways)('no body has $kind, asked in $protocol, choose another model than was planned', async way => {
  const { isRelayed, losses, body } = await send(choices, way, way.protocol)
  expect(isRelayed).toBe(false)
  expect(losses).toEqual(expect.arrayContaining(Object.keys(choices)))
  expect(Object.keys(body).filter(field => Object.hasOwn(choices, field))).toEqual([])
})

test.each([
  ['Model', 'other'],
  ['MODELS', ['other']],
  ['model\u017f', ['other']],
  ['Stream', true],
])('the field %s, which some upstreams take for one of the protocol, goes nowhere', async (field, value) => {
  for (const way of [
    { kind: 'openai', protocol: 'openai-chat' },
    { kind: 'ollama', protocol: 'anthropic-messages' },
    { kind: 'lm-studio', protocol: 'openai-responses' },
  ] as const) {
    const { isRelayed, losses, body } = await send({ [field]: value }, way, way.protocol)
    expect(isRelayed).toBe(false)
    expect(losses).toContain(field)
    expect(body).not.toHaveProperty(field)
    expect(body).toMatchObject({ model: 'm' })
  }
})

test('who of those that run one model may answer is left to a client of OpenRouter', async () => {
  const provider = { data_collection: 'deny', zdr: true, only: ['here'] }
  const { isRelayed, body } = await send({ provider }, { kind: 'openrouter' }, 'openai-chat')
  expect(isRelayed).toBe(true)
  expect(body).toMatchObject({ provider })
})

test('what only the protocol of a client can say is told as lost where another one is spoken', async () => {
  const asked = { web_search_options: {}, x_new: 1, store: false }
  const { request } = openaiChat.server.decodeRequest({ model: 'm', max_tokens: 9, messages, ...asked }, {})
  const lost = (kind: string) =>
    provide({ kind })
      .backend.losses?.(request)
      .map(({ field }) => field)
  expect(lost('anthropic')).toEqual(['web_search_options', 'x_new'])
  expect(lost('openai')).toEqual([])
})

test('who chooses long names for fields is told of them in short', async () => {
  const { port, [Symbol.asyncDispose]: close } = await serveProviders({
    providers: { ant: { kind: 'anthropic', url: 'http://127.0.0.1:9' } },
  })
  onTestFinished(close)
  const body = { model: 'ant/m', messages, ['x'.repeat(100_000)]: 1 }
  const headers = { 'x-duologue-strict': 'true' }
  const { status, text } = await ask(port, { method: 'POST', path: '/v1/chat/completions', headers, body })
  expect(status).toBe(400)
  expect(text.length).toBeLessThan(1000)
})
