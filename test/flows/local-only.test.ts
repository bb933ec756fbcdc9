import { expect, test } from 'vitest'
import { ModelError } from '../../src/core/errors.ts'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { Secret } from '../../src/core/secret.ts'
import { ask } from '../support/http-client.ts'
import { keptResponses } from '../support/kept-responses.ts'
import { scripted, says } from '../support/scripted-backend.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import { providerKey, serveProviders } from '../support/serve-providers.ts'
import type { ServeOptions } from '../support/serve-providers.ts'

/*
 * Whatever is asked for under whichever name, nothing of what must stay reaches an upstream that is not local: not a
 * byte, and not a connection.
 */

const marker = 'prompt-marker-9b1d22'
const openKey = 'client-key-open-55aa'
const privateKey = 'client-key-private-77bb'

const names = [
  'm',
  'fails',
  'gpt-5',
  'canary/gpt-5',
  'claude-canary/claude-5',
  'mine',
  'sneaky-1',
  'weighted',
  'nobody-knows-it',
  'local/../canary/gpt-5',
  'local/canary/gpt-5',
  'CANARY/gpt-5',
  'canary//gpt-5',
  '%63anary/gpt-5',
  'canary/gpt-5\u0000m',
  '__proto__',
]

const messages = [{ role: 'user', content: marker }]

/** Every route that takes a model, with the model in its body or its path. */
const routes: Readonly<Record<string, (model: string) => { readonly path: string; readonly body?: object }>> = {
  // It comes first: the upstream is no good at answers, and rests after some of them.
  'count of tokens': model => ({ path: '/v1/messages/count_tokens', body: { model, messages } }),
  messages: model => ({ path: '/v1/messages', body: { model, max_tokens: 9, messages } }),
  'streamed messages': model => ({ path: '/v1/messages', body: { model, max_tokens: 9, messages, stream: true } }),
  chat: model => ({ path: '/v1/chat/completions', body: { model, messages } }),
  'streamed chat': model => ({ path: '/v1/chat/completions', body: { model, messages, stream: true } }),
  completions: model => ({ path: '/v1/completions', body: { model, prompt: marker } }),
  embeddings: model => ({ path: '/v1/embeddings', body: { model, input: marker } }),
  rerank: model => ({ path: '/v1/rerank', body: { model, query: marker, documents: [marker] } }),
  'explanation of a route': model => ({
    path: '/duologue/explain/route/v1/messages',
    body: { model, max_tokens: 9, messages },
  }),
  'list of models': () => ({ path: '/v1/models' }),
  'a model': model => ({ path: `/v1/models/${encodeURIComponent(model)}` }),
  responses: model => ({ path: '/v1/responses', body: { model, input: marker } }),
  'streamed responses': model => ({
    path: '/v1/responses',
    body: { model, input: marker, stream: true, store: false },
  }),
  'count of a response’s tokens': model => ({ path: '/v1/responses/input_tokens', body: { model, input: marker } }),
  'explanation of a response’s route': model => ({
    path: '/duologue/explain/route/v1/responses',
    body: { model, input: marker },
  }),
}

const lost = { fail: new ModelError('unavailable', 'the process of the model ended') }

const rules: readonly RouteRule[] = [
  {
    name: 'helped',
    match: { model: { type: 'exact', text: 'fails' } },
    targets: [{ provider: 'local' }, { provider: 'canary' }, { provider: 'claude-canary' }],
  },
  { name: 'gpt', match: { model: { type: 'prefix', text: 'gpt-' } }, targets: [{ provider: 'canary' }] },
  {
    name: 'weighted',
    match: { model: { type: 'exact', text: 'weighted' } },
    targets: [
      { provider: 'canary', weight: 9 },
      { provider: 'local', model: 'm', weight: 1 },
    ],
  },
  { name: 'rest', match: {}, targets: [{ provider: 'canary' }] },
]

const legal: RouteRule = { name: 'private', match: { headers: { 'x-team': 'legal*' } }, targets: [], isLocalOnly: true }
const closed: RouteRule = {
  name: 'closed',
  match: {},
  targets: [{ provider: 'canary' }, { provider: 'local', model: 'm' }],
  isLocalOnly: true,
}

interface Way {
  readonly name: string
  readonly options?: Pick<ServeOptions, 'rules' | 'isLocalOnly'>
  readonly headers?: Readonly<Record<string, string>>
}

const ways: readonly Way[] = [
  { name: 'its key', headers: { authorization: `Bearer ${privateKey}` } },
  { name: 'a header', headers: { 'x-duologue-local-only': 'true' } },
  {
    name: 'a rule with conditions',
    options: { rules: [...rules, legal] },
    headers: { 'x-team': 'Legal-2' },
  },
  { name: 'a rule for all', options: { rules: [closed] } },
  { name: 'the settings of the server', options: { rules, isLocalOnly: true } },
]

async function serve(options: ServeOptions['rules'] | Pick<ServeOptions, 'rules' | 'isLocalOnly'> = { rules }) {
  const kept = await keptResponses()
  const canary = await startUpstream({ body: { data: [{ id: 'gpt-5' }] } })
  const here = scripted({ name: 'engine', steps: says('home'), inputTokens: 3 })
  const served = await serveProviders({
    ...('length' in options ? { rules: options } : options),
    providers: {
      canary: { kind: 'openai', url: canary.origin },
      'claude-canary': { kind: 'anthropic', url: canary.origin },
    },
    aliases: [
      { alias: { type: 'exact', text: 'mine' }, model: 'canary/gpt-5' },
      { alias: { type: 'glob', text: 'sneaky*' }, model: 'gpt-5' },
    ],
    here: { m: { backend: here }, fails: { backend: scripted({ name: 'engine', steps: [lost] }) } },
    responses: kept.service,
    keys: [
      { name: 'open', key: new Secret(openKey) },
      { name: 'private', key: new Secret(privateKey), isLocalOnly: true },
    ],
  })
  const close = async () => {
    await served[Symbol.asyncDispose]()
    await canary[Symbol.asyncDispose]()
    await kept[Symbol.asyncDispose]()
  }
  return { canary, served, [Symbol.asyncDispose]: close }
}

/** Asks everything under every name, and gives all that was told. */
async function askAll(port: number, headers: Readonly<Record<string, string>> = {}, asked = names) {
  const told: string[] = []
  const statuses = new Set<number>()
  for (const route of Object.values(routes)) {
    for (const model of asked) {
      const { path, body } = route(model)
      const method = body ? 'POST' : 'GET'
      const reply = await ask(port, {
        method,
        path,
        headers: { authorization: `Bearer ${openKey}`, ...headers },
        ...(body && { body }),
      })
      told.push(reply.text, JSON.stringify(reply.headers))
      statuses.add(reply.status)
    }
  }
  return { told: told.join('\n'), statuses }
}

test.each(ways)('what must stay by $name reaches no upstream, on no route and under no name', async way => {
  await using there = await serve(way.options)
  const { served, canary } = there
  const { told, statuses } = await askAll(served.port, way.headers)
  expect([canary.everConnected, canary.receivedBytes]).toEqual([0, 0])
  expect([...statuses]).toEqual(expect.arrayContaining([200, 403]))
  expect([...statuses].filter(status => status === 500)).toEqual([])
  for (const secret of [marker, openKey, privateKey, providerKey]) {
    expect(told).not.toContain(secret)
    expect(served.logText()).not.toContain(secret)
  }
})

test('what a rule keeps by the name of its model stays under all names that lead to it', async () => {
  const model = { type: 'exact', text: 'gpt-5' } as const
  await using there = await serve([{ name: 'kept', match: { model }, targets: [], isLocalOnly: true }, ...rules])
  const written = ['gpt-5', 'GPT-5', 'canary/gpt-5', 'canary/openai/Gpt-5', ' gpt-5', 'canary/gpt-5:free', 'sneaky-1']
  const { statuses } = await askAll(there.served.port, {}, written)
  // Nothing but the list of models is asked for.
  expect(there.canary.seen.filter(({ method, body }) => method !== 'GET' || body !== '')).toEqual([])
  expect(statuses).toEqual(new Set([200, 403, 404]))
})

test('the same requests leave where nothing keeps them', async () => {
  await using there = await serve()
  await askAll(there.served.port)
  const paths = new Set(there.canary.seen.map(({ path }) => path.replace(/\?.*/, '')))
  const { messages, chat, embeddings, 'count of tokens': count, 'list of models': list } = routes
  const wanted = [messages, chat, embeddings, count, list].map(route => route?.('m').path)
  expect(paths).toEqual(new Set(wanted))
  expect(there.canary.seen.some(({ body }) => body.includes(marker))).toBe(true)
  expect(there.served.logText()).not.toContain(marker)
})

/* Where a rule names a model that is here, that one answers. */
function staysHere([status, text]: readonly [number, string]): boolean {
  return status === 403 ? /local-only|had to stay local/.test(text) : status === 200 && text.includes('home')
}

test.each(ways)('what was answered here by $name never leaves in a response that goes on from it', async way => {
  await using there = await serve(way.options ?? { rules: [legal, ...rules] })
  const { port } = there.served
  const post = (body: object, headers: Readonly<Record<string, string>>) =>
    ask(port, {
      method: 'POST',
      path: '/v1/responses',
      headers: { authorization: `Bearer ${openKey}`, ...headers },
      body,
    })
  const first = await post({ model: 'm', input: marker }, way.headers ?? {})
  const { id, output } = JSON.parse(first.text) as { id: string; output: readonly { id: string }[] }
  const free = { ...way.headers, 'x-duologue-local-only': 'no', 'x-team': 'sales' }
  const named = { type: 'item_reference', id: output[0]?.id }
  const second = await post({ model: 'm', input: 'And?', previous_response_id: id }, way.headers ?? {})
  const { id: later } = JSON.parse(second.text) as { id: string }
  for (const stream of [true, false]) {
    for (const body of [
      { input: 'x', previous_response_id: id },
      { input: 'x', previous_response_id: later },
      { input: [named, { role: 'user', content: 'x' }] },
    ]) {
      const { status, text } = await post({ model: 'gpt-5', stream, ...body }, free)
      expect([status, text]).toSatisfy(staysHere)
    }
  }
  expect([there.canary.everConnected, there.canary.receivedBytes]).toEqual([0, 0])
})
