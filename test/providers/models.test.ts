import { expect, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { kindOf } from '../../src/providers/registry.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { never, provide, request, tell } from './ask.ts'

const forms: readonly (readonly [string, unknown, object])[] = [
  [
    'anthropic',
    {
      data: [
        {
          type: 'model',
          id: 'claude-x',
          display_name: 'Claude X',
          created_at: '2026-09-01T00:00:00Z',
          max_input_tokens: 200_000,
          max_tokens: 64_000,
          capabilities: { image_input: { supported: true } },
        },
      ],
    },
    {
      id: 'claude-x',
      displayName: 'Claude X',
      createdSeconds: 1_788_220_800,
      capabilities: { contextTokens: 200_000, maxOutputTokens: 64_000, vision: true },
    },
  ],
  [
    'openrouter',
    {
      data: [
        {
          id: 'a/b',
          name: 'A: B',
          created: 5,
          context_length: 9000,
          architecture: { input_modalities: ['text', 'image'] },
          top_provider: { max_completion_tokens: 800 },
          supported_parameters: ['tools'],
          pricing: { prompt: '0.000003', completion: '0.000015' },
        },
      ],
    },
    {
      id: 'a/b',
      displayName: 'A: B',
      createdSeconds: 5,
      capabilities: {
        contextTokens: 9000,
        maxOutputTokens: 800,
        tools: true,
        vision: true,
        documents: false,
        thinking: false,
        structuredOutput: false,
      },
    },
  ],
  [
    'mistral',
    {
      data: [
        {
          id: 'mistral-x',
          owned_by: 'mistralai',
          max_context_length: 131_072,
          capabilities: { function_calling: true, vision: false },
        },
      ],
    },
    { ownedBy: 'mistralai', capabilities: { contextTokens: 131_072, tools: true, vision: false } },
  ],
  [
    'together',
    [{ id: 'a/b', display_name: 'B', context_length: 8192, organization: 'A' }],
    { displayName: 'B', ownedBy: 'A', capabilities: { contextTokens: 8192 } },
  ],
  ['vllm', { data: [{ id: 'q', max_model_len: 32_768 }] }, { capabilities: { contextTokens: 32_768 } }],
  ['llama-server', { data: [{ id: 'q', meta: { n_ctx: 4096 } }] }, { capabilities: { contextTokens: 4096 } }],
  ['gemini', { data: [{ id: 'models/gemini-x' }] }, { id: 'gemini-x', displayName: 'gemini-x' }],
  [
    'ollama',
    { models: [{ name: 'qwen3:8b', details: { context_length: 40_960 }, capabilities: ['completion', 'tools'] }] },
    { id: 'qwen3:8b', capabilities: { contextTokens: 40_960, tools: true, vision: false } },
  ],
]

test.each(forms)('the list of %s is read', async (kind, body, card) => {
  await using upstream = await startUpstream({ body })
  expect(await provide({ kind, url: upstream.origin }).models(never)).toMatchObject([card])
})

test('what the owner knows of a model goes before what it says itself, and that before the data of the program', async () => {
  const data = [{ id: 'claude-sonnet-4-5', context_length: 7 }, { id: 'claude-opus-4-1' }]
  await using upstream = await startUpstream({ body: { data } })
  const provider = provide({
    kind: 'anthropic',
    url: upstream.origin,
    models: [
      { id: 'claude-sonnet-4-5', capabilities: { tools: false }, prices: { input: 1 } },
      { id: 'secret-model', capabilities: { contextTokens: 99 } },
    ],
  })
  const cards = await provider.models(never)
  expect(cards.map(({ id, capabilities }) => [id, capabilities])).toEqual([
    ['claude-sonnet-4-5', { contextTokens: 7, tools: false, vision: true, documents: true }],
    ['claude-opus-4-1', { contextTokens: 200_000, tools: true, vision: true, documents: true }],
    ['secret-model', { contextTokens: 99 }],
  ])
  expect(provider.prices('claude-sonnet-4-5')).toEqual({ input: 1, cacheRead: 0.3, cacheWrite: 3.75, output: 15 })
  expect(provider.prices('nobody-knows')).toEqual({})
  expect(provider.backend.outlook?.('secret-model')).toEqual({ contextTokens: 99 })
})

test('what a family of models takes is known before any list is asked for, and its owner may know better', () => {
  const known = { kind: 'xai', url: 'http://127.0.0.1:9' }
  expect(provide(known).capabilities('grok-3-mini')).toMatchObject({ tools: true, vision: false })
  expect(provide(known).capabilities('grok-99')).not.toHaveProperty('vision')
  const models = [{ id: 'grok-3-mini', capabilities: { vision: true } }]
  expect(provide({ ...known, models }).capabilities('grok-3-mini')).toMatchObject({ tools: true, vision: true })
})

test('a list is asked for once, renewed in the background, and kept when it cannot be had', async () => {
  let now = 0
  const first = { body: { data: [{ id: 'a' }] } }
  await using upstream = await startUpstream(first, { status: 500 }, { body: { data: [{ id: 'b' }] } })
  const provider = provide({ kind: 'openai', url: upstream.origin }, () => now)
  const ids = async () => (await provider.models(never)).map(({ id }) => id)
  expect(await Promise.all([ids(), ids()])).toEqual([['a'], ['a']])
  now += 9 * 60_000
  expect(await ids()).toEqual(['a'])
  expect(upstream.seen).toHaveLength(1)
  now += 2 * 60_000
  expect(await ids()).toEqual(['a'])
  await upstream.asked(2)
  await expect.poll(ids).toEqual(['a'])
  now += 2 * 60_000
  await expect.poll(ids).toEqual(['b'])
  expect(upstream.seen).toHaveLength(3)
})

test('whoever waits for a list may leave, and the others still get it', async () => {
  await using upstream = await startUpstream({ body: { data: [{ id: 'a' }] } })
  const provider = provide({ kind: 'openai', url: upstream.origin })
  const leaving = new AbortController()
  const [left, stayed] = [provider.models(leaving.signal), provider.models(never)]
  leaving.abort()
  await expect(left).rejects.toMatchObject({ kind: 'aborted' })
  expect(await stayed).toHaveLength(1)
})

test.each<readonly [string, Script, string]>([
  ['a wrong key', { status: 401 }, 'check the key of this provider'],
  ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>' }, 'not valid JSON'],
  ['no list', { body: { hello: 1 } }, 'no list of models'],
  ['another address', { status: 404 }, 'does not know this model or address'],
])('a check finds %s', async (_, script, message) => {
  await using upstream = await startUpstream(script)
  const checked = provide({ kind: 'openai', url: upstream.origin }).check(never)
  await expect(checked).rejects.toMatchObject({ name: 'ModelError', message: expect.stringContaining(message) })
})

test('names that would harm who reads them are left out of a list', async () => {
  const data = [
    { id: 'a\u001b[31m' },
    { id: '\u202eb' },
    { id: 'x'.repeat(300) },
    { id: '' },
    { id: 7 },
    'c',
    { id: 'd' },
  ]
  await using upstream = await startUpstream({ body: { data } })
  const cards = await provide({ kind: 'openai', url: upstream.origin }).models(never)
  expect(cards.map(({ id }) => id)).toEqual(['d'])
})

test.each([
  [{ kind: 'ollama', url: 'http://localhost:11434' }, true],
  [{ kind: 'ollama' }, true],
  [{ kind: 'ollama', url: 'http://192.168.1.5:11434' }, false],
  [{ kind: 'vllm', url: 'http://192.168.1.5:8000', isLocal: true }, true],
  [{ kind: 'openai-compatible', url: 'http://127.0.0.1:1' }, false],
  [{ kind: 'llama-server', url: 'http://127.0.0.1:8080', isLocal: false }, false],
  [{ kind: 'openai' }, false],
])('%j is local: %s', (settings, wanted) => {
  expect(provide(settings).backend.isLocal).toBe(wanted)
})

/** An Ollama where `mine` is a copy of a cloud's model. */
const ollama: Script = (response, { path, body }) => {
  const shown = body.includes('mine') ? { remote_host: 'https://ollama.com:443', remote_model: 'gpt-oss:120b' } : {}
  const models = [{ name: 'qwen3:8b' }, { name: 'mine', ...shown }, { name: 'gpt-oss:120b-cloud' }]
  const answer =
    path === '/api/tags'
      ? { models: models.map(model => ({ ...model, ...(model.name === 'mine' && { remote_host: 'x' }) })) }
      : shown
  if (path === '/api/show' || path === '/api/tags')
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  else response.writeHead(500).end()
}

test.each(['gpt-oss:120b-cloud', 'kimi-k2:cloud', 'KIMI:CLOUD', 'mine'])(
  'what Ollama has answered by its cloud (%s) is not local, and no request for it leaves',
  async model => {
    await using upstream = await startUpstream(ollama)
    const { backend } = provide({ kind: 'ollama', url: upstream.origin })
    const told = await tell(backend.stream({ ...request, model }, never))
    expect(told.failure).toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining('local: false (providers add --not-local)'),
    })
    expect(upstream.seen.filter(({ path }) => path !== '/api/show')).toEqual([])
    await expect(backend.embed?.({ model, texts: ['private'] }, never)).rejects.toMatchObject({ kind: 'forbidden' })
    expect(upstream.seen.filter(({ body }) => body.includes('private'))).toEqual([])
  },
)

test('Ollama’s own models are asked, and its cloud’s are listed only where it does not count as local', async () => {
  await using upstream = await startUpstream(ollama)
  const here = provide({ kind: 'ollama', url: upstream.origin })
  await tell(here.backend.stream({ ...request, model: 'qwen3:8b' }, never))
  expect(upstream.seen.at(-1)?.path).toBe('/v1/chat/completions')
  expect((await here.models(never)).map(({ id }) => id)).toEqual(['qwen3:8b'])
  const anywhere = provide({ kind: 'ollama', url: upstream.origin, isLocal: false })
  expect(await anywhere.models(never)).toHaveLength(3)
})

test.each([
  [{ kind: 'opennai' }, 'no kind of provider called "opennai"'],
  [{ kind: 'openai', url: 'ftp://x' }, 'must begin with http'],
  [{ kind: 'openai', url: 'https://a:b@x' }, 'must not hold a name or password'],
  [{ kind: 'openai', url: 'https://x/v1?api_key=b' }, 'must not hold a key, since it is shown'],
  [{ kind: 'openai-compatible' }, 'needs a url'],
  [{ kind: 'anthropic', protocol: 'openai-chat' as const }, 'does not speak openai-chat'],
  [{ kind: 'openai', key: new Secret('a\r\nx-evil: 1') }, 'letters that a header cannot have'],
  [{ kind: 'openai', headers: { 'x y': new Secret('1') } }, 'not the name of a header'],
  [{ kind: 'openai', headers: { Host: new Secret('1') } }, 'host cannot be set'],
  [{ kind: 'openai', headers: { 'x-a': new Secret('1\n2') } }, 'letters that a header cannot have'],
])('settings that cannot work are refused: %j', (settings, message) => {
  expect(() => provide(settings)).toThrow(message)
})

test('a cloud without a key is not asked', async () => {
  await using upstream = await startUpstream({})
  const { settings } = provide({ kind: 'openai', url: upstream.origin })
  const { key: _, ...keyless } = settings
  const { createOutbound } = await import('../../src/providers/outbound.ts')
  const { createProvider } = await import('../../src/providers/create-provider.ts')
  const provider = createProvider(keyless, { outbound: createOutbound(), now: () => 0 })
  const { failure } = await tell(provider.backend.stream(request, never))
  expect(failure).toMatchObject({
    message: `provider there has no key; set its key, for example to \${OPENAI_API_KEY}`,
  })
  expect(upstream.receivedBytes).toBe(0)
  expect(kindOf({ id: 'openai', kind: 'openai' }).needsKey).toBe(true)
})
