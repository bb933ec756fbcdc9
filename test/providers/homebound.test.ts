import { describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { ProtocolId } from '../../src/core/extras.ts'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import { kinds } from '../../src/providers/registry.ts'
import { paths } from '../support/ask-anything.ts'
import { ask } from '../support/http-client.ts'
import { startUpstream } from '../support/scripted-upstream.ts'
import type { Script } from '../support/scripted-upstream.ts'
import { serveProviders } from '../support/serve-providers.ts'
import type { ServeOptions } from '../support/serve-providers.ts'

/* Whatever would have a request that must stay sent on, or fetched for it, has this name in it. */
const elsewhere = 'elsewhere.example'
const url = `https://${elsewhere}/x`

const pixel = 'iVBORw0KGgo='
const held = { 'x-duologue-local-only': 'true' }

/* What gateways have been told in bodies, and what nobody has yet. */
const leading: JsonObject = {
  router_settings_override: { fallbacks: [url] },
  tags: [elsewhere],
  extra_body: { api_base: url },
  fallback_models: [elsewhere],
  litellm_params: { api_base: url },
  x_unheard_of: url,
}

/** A request of each protocol that asks for all that could lead elsewhere, beside what is harmless. */
const bodies: Readonly<Record<ProtocolId, JsonObject>> = {
  'anthropic-messages': {
    ...leading,
    max_tokens: 9,
    mcp_servers: [{ type: 'url', url, name: 'n' }],
    metadata: { user_id: 'u', route: url },
    output_config: { effort: 'low', place: url },
    service_tier: 'auto',
    tools: [{ name: 'weather', input_schema: { type: 'object' }, input_examples: [{}], run_at: url }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi', fetch: url }], from: url },
      { role: 'assistant', content: [{ type: 'mcp_tool_use', id: 'i', name: 'n', server_name: url, input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel, url }, mirror: url },
          { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'Kept', at: url }] } },
        ],
      },
    ],
  },
  'openai-chat': {
    ...leading,
    web_search_options: { place: url },
    verbosity: 'low',
    stream_options: { include_usage: true, to: url },
    tools: [{ type: 'function', function: { name: 'weather', place: url }, run_at: url }],
    messages: [
      { role: 'developer', content: 'Be brief', from: url },
      {
        role: 'user',
        name: 'ann',
        from: url,
        content: [
          { type: 'text', text: 'Hi', fetch: url },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}`, mirror: url }, mirror: url },
          { type: 'input_audio', input_audio: { data: pixel, format: 'wav', mirror: url }, mirror: url },
        ],
      },
    ],
  },
  'openai-responses': {
    ...leading,
    store: false,
    text: { verbosity: 'low', place: url },
    reasoning: { effort: 'low', place: url },
    tools: [
      { type: 'function', name: 'weather', run_at: url },
      { type: 'mcp', server_label: 'n', server_url: url },
      { type: 'web_search', filters: { allowed_domains: [elsewhere] } },
      { type: 'custom', name: 'patch', place: url },
      { type: 'namespace', name: 'box', place: url, tools: [{ type: 'function', name: 'open', place: url }] },
    ],
    tool_choice: { type: 'mcp', server_label: elsewhere },
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'Hi', fetch: url }] },
      { type: 'mcp_call', id: 'i', name: 'n', server_label: url, arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c', name: 'patch', input: 'do', place: url },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'done', place: url },
      { role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${pixel}`, mirror: url }] },
    ],
  },
}

/** The same with something that would have to be fetched. */
const fetching: readonly (readonly [string, ProtocolId, JsonObject])[] = [
  ['an image', 'anthropic-messages', said({ type: 'image', source: { type: 'url', url } })],
  ['a document', 'anthropic-messages', said({ type: 'document', source: { type: 'url', url } })],
  ['what a tool shows', 'anthropic-messages', given({ type: 'image', source: { type: 'url', url } })],
  ['an image', 'openai-chat', said({ type: 'image_url', image_url: { url } })],
  ['a file of which the id is one', 'openai-chat', said({ type: 'file', file: { file_id: url } })],
  ['an image', 'openai-responses', { input: [{ role: 'user', content: [{ type: 'input_image', image_url: url }] }] }],
  ['a document', 'openai-responses', { input: [{ role: 'user', content: [{ type: 'input_file', file_url: url }] }] }],
]

function said(part: JsonObject): JsonObject {
  return { max_tokens: 9, messages: [{ role: 'user', content: [part] }] }
}

function given(part: JsonObject): JsonObject {
  const call = { type: 'tool_use', id: 'c', name: 'look', input: {} }
  const result = { type: 'tool_result', tool_use_id: 'c', content: [part] }
  const messages = [
    { role: 'user', content: 'Look' },
    { role: 'assistant', content: [call] },
    { role: 'user', content: [result] },
  ]
  return { max_tokens: 9, messages }
}

type Settings = Omit<ProviderSettings, 'id'>

interface Serving extends Pick<ServeOptions, 'isLocalOnly'> {
  readonly script?: Script
}

async function serve(settings: Settings, { script = { status: 400, body: {} }, ...options }: Serving = {}) {
  const upstream = await startUpstream(script)
  const served = await serveProviders({ providers: { there: { ...settings, url: upstream.origin } }, ...options })
  onTestFinished(async () => {
    await served[Symbol.asyncDispose]()
    await upstream[Symbol.asyncDispose]()
  })
  const post = (client: ProtocolId, body: JsonObject, headers: Readonly<Record<string, string>> = {}) =>
    ask(served.port, { method: 'POST', path: paths[client], headers, body: { model: 'there/m', ...body } })
  return { upstream, post, port: served.port }
}

const clients = Object.keys(bodies) as readonly ProtocolId[]
const local = kinds.filter(kind => kind.isLocalEngine === true && kind.runsElsewhere === undefined)
const gateways = kinds.filter(({ id }) => id.endsWith('-compatible'))
const ways = [...local, ...gateways].flatMap(({ id, dialects }) =>
  dialects.map(({ protocol }) => ({ kind: id, protocol, isLocal: true })),
)

test.each(ways)('nothing of a request that must stay has $kind, asked in $protocol, ask elsewhere', async settings => {
  const { upstream, post } = await serve(settings)
  for (const client of clients) {
    const body = bodies[client]
    for (const stream of [true, false]) await post(client, { ...body, stream }, held)
  }
  expect(upstream.seen.length).toBe(2 * clients.length)
  for (const { body } of upstream.seen) {
    expect(body).not.toContain(elsewhere)
    expect(body).toContain('Hi')
    expect(body).toContain('weather')
  }
})

test('it is so whoever keeps the request, and not where nobody does', async () => {
  const settings = { kind: 'openai-compatible', isLocal: true }
  const held = await serve(settings, { isLocalOnly: true })
  const free = await serve(settings)
  for (const { post } of [held, free]) await post('openai-chat', bodies['openai-chat'])
  expect(held.upstream.seen[0]?.body).not.toContain(elsewhere)
  const { litellm_params, router_settings_override, tags } = leading
  expect(JSON.parse(free.upstream.seen[0]?.body ?? '')).toMatchObject({
    litellm_params,
    router_settings_override,
    tags,
  })
})

test('what is known and leads nowhere goes on', async () => {
  const { upstream, post } = await serve({ kind: 'lm-studio', protocol: 'openai-responses' })
  await post('openai-responses', bodies['openai-responses'], held)
  const sent = JSON.parse(upstream.seen[0]?.body ?? '') as { readonly tools: readonly { name: string; type: string }[] }
  expect(sent).toMatchObject({ store: false, text: { verbosity: 'low' }, reasoning: { effort: 'low' } })
  expect(sent.tools.map(({ type, name }) => [type, name])).toEqual([
    ['function', 'weather'],
    ['function', 'patch'],
    ['function', expect.stringContaining('open')],
  ])
  const chat = await serve({ kind: 'vllm' })
  await chat.post('openai-chat', bodies['openai-chat'], held)
  expect(JSON.parse(chat.upstream.seen[0]?.body ?? '')).toMatchObject({
    verbosity: 'low',
    messages: [
      { role: 'system', content: 'Be brief' },
      {
        name: 'ann',
        content: [
          { type: 'text' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
          { type: 'input_audio', input_audio: { data: pixel, format: 'wav' } },
        ],
      },
    ],
  })
})

test('a tool with a type of its own is called as one all the same', async () => {
  const call = { type: 'function_call', id: 'f', call_id: 'c', name: 'patch', arguments: '{"input":"do"}' }
  const script = { body: { id: 'r', model: 'm', status: 'completed', output: [call] } }
  const { post } = await serve({ kind: 'lm-studio', protocol: 'openai-responses' }, { script })
  const body = { input: 'Hi', tools: [{ type: 'custom', name: 'patch' }] }
  const { text } = await post('openai-responses', body, held)
  expect(JSON.parse(text)).toMatchObject({ output: [{ type: 'custom_tool_call', name: 'patch', input: 'do' }] })
})

test('that no tool is left of which one must be called is a loss', async () => {
  const { post } = await serve({ kind: 'lm-studio', protocol: 'openai-responses' })
  const strict = { ...held, 'x-duologue-strict': 'true' }
  const tools: readonly JsonObject[] = [{ type: 'mcp', server_label: 'n', server_url: url }]
  const asked = async (...others: readonly JsonObject[]) =>
    (await post('openai-responses', { input: 'Hi', tools: [...tools, ...others], tool_choice: 'required' }, strict))
      .text
  expect(await asked()).toContain('toolChoice would be dropped')
  expect(await asked({ type: 'function', name: 'f' })).not.toContain('toolChoice')
})

test('what is left out is a loss, and refused where none may be', async () => {
  const { upstream, post } = await serve({ kind: 'lm-studio', protocol: 'openai-responses' })
  const { status, text } = await post('openai-responses', bodies['openai-responses'], {
    ...held,
    'x-duologue-strict': 'true',
  })
  expect(status).toBe(400)
  expect(text).toContain('must stay on local machines')
  expect(upstream.seen).toEqual([])
  expect(await losses(held)).toBe('tools.mcp dropped')
  expect(await losses({})).toBeUndefined()
})

async function losses(headers: Readonly<Record<string, string>>) {
  const script = { body: { id: 'r', model: 'm', status: 'completed', output: [] } }
  const { post } = await serve({ kind: 'lm-studio', protocol: 'openai-responses' }, { script })
  const tools = [{ type: 'mcp', server_label: 'n', server_url: url }]
  const reply = await post('openai-responses', { input: 'Hi', tools }, headers)
  return reply.headers['x-duologue-losses']
}

describe('what would have to be fetched', () => {
  test.each(fetching)('%s given to %s by its address, is refused, and nobody is asked', async (_, client, body) => {
    const protocol = client === 'openai-responses' ? 'openai-chat' : client
    const { upstream, post } = await serve({ kind: 'vllm', protocol })
    const { status, text } = await post(client, body, held)
    expect(status).toBe(400)
    expect(text).toMatch(/must stay on local machines; send its bytes as base64/)
    expect(upstream.seen).toEqual([])
    await post(client, body)
    expect(upstream.seen.at(-1)?.body).toContain(elsewhere)
  })

  test('is refused in a count of tokens too', async () => {
    const { upstream, port } = await serve({ kind: 'vllm', protocol: 'anthropic-messages' })
    const body = { model: 'there/m', ...said({ type: 'image', source: { type: 'url', url } }) }
    const { status } = await ask(port, { method: 'POST', path: '/v1/messages/count_tokens', headers: held, body })
    expect(status).toBe(400)
    expect(upstream.seen).toEqual([])
  })
})
