import { expect, test } from 'vitest'
import { ask, post } from '../support/http-client.ts'
import { card } from '../support/cards.ts'
import { says, scripted } from '../support/scripted-backend.ts'
import { hello, start } from '../support/start-server.ts'

const anthropic = { 'anthropic-version': '2023-06-01' }
const many = Array.from({ length: 45 }, (_, index) => card(`model-${index}`))

test('models are listed in the form of OpenAI, or of Anthropic for who sends its version', async () => {
  const { port } = await start({ cards: [card('hf:owner/repo/file.gguf'), card('starter')] })
  expect((await ask(port, { path: '/v1/models' })).json).toEqual({
    object: 'list',
    data: [
      { id: 'hf:owner/repo/file.gguf', object: 'model', created: 1_790_000_000, owned_by: 'duologue' },
      { id: 'starter', object: 'model', created: 1_790_000_000, owned_by: 'duologue' },
    ],
  })
  expect((await ask(port, { path: '/v1/models', headers: anthropic })).json).toMatchObject({
    data: [
      {
        type: 'model',
        id: 'hf:owner/repo/file.gguf',
        display_name: 'Model hf:owner/repo/file.gguf',
        created_at: '2026-09-21T14:13:20Z',
        max_input_tokens: 8192,
        max_tokens: 4096,
        lifecycle: 'active',
      },
      { id: 'starter' },
    ],
    has_more: false,
    first_id: 'hf:owner/repo/file.gguf',
    last_id: 'starter',
  })
})

test('who knocks at the bare address hears who is there', async () => {
  const { port } = await start({ cards: [] })
  expect((await ask(port, { path: '/' })).json).toMatchObject({
    name: 'Duologue',
    status: 'live',
    models: '/v1/models',
  })
  expect(await ask(port, { path: '/', method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
})

test('a list without models is a list', async () => {
  const { port } = await start({ cards: [] })
  expect((await ask(port, { path: '/v1/models', headers: anthropic })).json).toEqual({
    data: [],
    has_more: false,
    first_id: null,
    last_id: null,
  })
})

test('the pages of the Anthropic list hold every model once, in both directions', async () => {
  const { port } = await start({ cards: many })
  const page = async (query: string) => (await ask(port, { path: `/v1/models?${query}`, headers: anthropic })).json
  const forward: string[] = []
  let next = await page('limit=10')
  for (;;) {
    forward.push(...next.data.map((model: { id: string }) => model.id))
    if (!next.has_more) break
    next = await page(`limit=10&after_id=${next.last_id}`)
  }
  expect(forward).toEqual(many.map(({ id }) => id))
  expect(await page('limit=10&before_id=model-15')).toMatchObject({
    first_id: 'model-5',
    last_id: 'model-14',
    has_more: true,
  })
  expect(await page('before_id=model-3')).toMatchObject({ first_id: 'model-0', last_id: 'model-2', has_more: false })
  expect((await page('')).data).toHaveLength(20)
})

test.each([
  'limit=0',
  'limit=1001',
  'limit=x',
  'limit=-1',
  'limit=1e3',
  'after_id=nobody',
  'before_id=nobody',
  'after_id=m&before_id=m',
])('the query %s is refused', async query => {
  const { port } = await start()
  const reply = await ask(port, { path: `/v1/models?${query}`, headers: anthropic })
  expect(reply).toMatchObject({ status: 400, json: { error: { type: 'invalid_request_error' } } })
  expect(reply.json.error.message).toContain(query.split('=')[0])
})

test.each(['hf:owner/repo/file.gguf', 'a b', 'é', 'a?b', 'a%2Fb', '..'])(
  'the model %s is found by its id',
  async id => {
    const { port } = await start({ cards: [card(id)] })
    const path = `/v1/models/${encodeURIComponent(id).replaceAll('%2F', id === 'a%2Fb' ? '%2F' : '/')}`
    expect(await ask(port, { path })).toMatchObject({ status: 200, json: { id, object: 'model' } })
    expect(await ask(port, { path, headers: anthropic })).toMatchObject({ status: 200, json: { id, type: 'model' } })
  },
)

test('an unknown model is not found, in the words of who asks', async () => {
  const { port } = await start()
  expect(await ask(port, { path: '/v1/models/x' })).toMatchObject({
    status: 404,
    json: { error: { code: 'model_not_found', message: 'model: "x" does not exist; use "m"' } },
  })
  expect(await ask(port, { path: '/v1/models/x', headers: anthropic })).toMatchObject({
    status: 404,
    json: { type: 'error', error: { type: 'not_found_error' } },
  })
  const backends = [scripted({ steps: says('a') })]
  const { port: second } = await start({ backends })
  expect(await post(second, '/v1/chat/completions', { ...hello, model: 'gpt-9' })).toMatchObject({
    status: 404,
    json: { error: { code: 'model_not_found' } },
  })
  expect(await post(second, '/v1/messages', { ...hello, model: 'gpt-9' })).toMatchObject({
    status: 404,
    json: { error: { type: 'not_found_error', message: 'model: "gpt-9" does not exist; use "m"' } },
  })
})

test('health is told in three ways, and readiness is what the models say', async () => {
  let isReady = false
  const { port } = await start({
    keys: ['k'],
    readiness: () => (isReady ? { isReady } : { isReady, reason: 'a model is loading' }),
  })
  const look = async () => Promise.all(['/health', '/health/ready', '/health/live'].map(path => ask(port, { path })))
  expect((await look()).map(({ status }) => status)).toEqual([503, 503, 200])
  expect((await look())[0]?.json).toEqual({
    status: 'not ready',
    live: true,
    ready: false,
    reason: 'a model is loading',
  })
  isReady = true
  expect((await look()).map(({ status }) => status)).toEqual([200, 200, 200])
})

test('an unknown path is told in the words of who asks', async () => {
  const { port } = await start()
  expect(await ask(port, { path: '/v1/nothing' })).toMatchObject({
    status: 404,
    json: { error: { type: 'invalid_request_error', param: null } },
  })
  expect(await ask(port, { path: '/v1/nothing', headers: anthropic })).toMatchObject({
    status: 404,
    json: { type: 'error', error: { type: 'not_found_error' } },
  })
  expect(await ask(port, { path: '/v1/messages/nothing' })).toMatchObject({ status: 404, json: { type: 'error' } })
  expect((await ask(port, { path: '/v1/nothing' })).json.error.message).toContain('POST /v1/messages')
})

test.each([
  ['GET', '/v1/messages', 'POST, OPTIONS'],
  ['DELETE', '/v1/messages/count_tokens', 'POST, OPTIONS'],
  ['GET', '/v1/chat/completions', 'POST, OPTIONS'],
  ['HEAD', '/v1/chat/completions', 'POST, OPTIONS'],
  ['POST', '/v1/models', 'GET, HEAD, OPTIONS'],
  ['PUT', '/v1/models/a/b', 'GET, HEAD, OPTIONS'],
  ['PATCH', '/health', 'GET, HEAD, OPTIONS'],
  ['PROPFIND', '/health', 'GET, HEAD, OPTIONS'],
])('%s %s is not possible, and the methods that are possible are named', async (method, path, allow) => {
  const { port } = await start()
  expect(await ask(port, { method, path })).toMatchObject({ status: 405, headers: { allow } })
})

test.each([
  ['/v1/messages', 'POST, OPTIONS'],
  ['/v1/models', 'GET, HEAD, OPTIONS'],
  ['*', 'POST, GET, HEAD, DELETE, OPTIONS'],
])('a question for the methods of %s is answered', async (path, allow) => {
  const { port } = await start({ keys: ['k'] })
  expect(await ask(port, { method: 'OPTIONS', path })).toMatchObject({ status: 204, headers: { allow }, text: '' })
})

test('HEAD gives the headers of GET without the body', async () => {
  const { port } = await start()
  for (const path of ['/v1/models', '/v1/models/m', '/health']) {
    const get = await ask(port, { path })
    const head = await ask(port, { method: 'HEAD', path })
    expect(head).toMatchObject({ status: get.status, text: '' })
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
  }
})

test('every reply has an id of its own, and a failed one repeats it in the body', async () => {
  const { port } = await start({ backends: [scripted({ steps: says('a') })] })
  const replies = [
    await post(port, '/v1/messages', hello),
    await post(port, '/v1/messages', { ...hello, stream: true }),
    await post(port, '/v1/messages', {}),
    await post(port, '/v1/chat/completions', hello),
    await post(port, '/v1/chat/completions', { ...hello, stream: true }),
    await ask(port, { path: '/nowhere', headers: anthropic }),
    await ask(port, { path: '/%zz', headers: anthropic }),
    await ask(port, { path: '/health' }),
    await ask(port, { path: '/v1/models', headers: { ...anthropic, origin: 'https://evil.com' } }),
  ]
  const ids = replies.map(reply => reply.headers['request-id'])
  expect(new Set(ids).size).toBe(replies.length)
  for (const { headers } of replies) {
    expect(headers['request-id']).toMatch(/^req_/)
    expect(headers['x-request-id']).toBe(headers['request-id'])
  }
  for (const index of [2, 5, 6, 8]) expect(replies[index]?.json.request_id).toBe(ids[index])
})

test('tokens are counted', async () => {
  const { port } = await start({ backends: [scripted({ steps: [], inputTokens: 12 })] })
  const { max_tokens: _, ...countable } = hello
  expect(await post(port, '/v1/messages/count_tokens', countable)).toMatchObject({
    status: 200,
    json: { input_tokens: 12 },
  })
  expect(await post(port, '/v1/messages/count_tokens?beta=true', countable)).toMatchObject({ status: 200 })
  expect(await post(port, '/v1/messages/count_tokens', { ...countable, model: 'x' })).toMatchObject({ status: 404 })
})

test('each request leaves one line in the log, which says what it cost', async () => {
  const { port, log } = await start({ backends: [scripted({ name: 'b', steps: says('x', 'y') })] })
  await post(port, '/v1/messages?beta=true', { ...hello, stream: true })
  await ask(port, { path: '/v1/models/none' })
  expect(log).toMatchObject([
    {
      level: 'info',
      requestId: expect.stringMatching(/^req_/),
      method: 'POST',
      endpoint: 'POST /v1/messages',
      path: '/v1/messages',
      protocol: 'anthropic-messages',
      status: 200,
      outcome: 'answered',
      model: 'scripted-model',
      isStreaming: true,
      inputTokens: 7,
      outputTokens: 2,
      stop: 'end-turn',
      msToFirstEvent: expect.any(Number),
      ms: expect.any(Number),
    },
    { endpoint: 'GET /v1/models/*', status: 404, outcome: 'failed', failure: { kind: 'not-found' } },
  ])
})

test.each([false, true])(
  'what the model was not told of a request is in a header and in the log (stream: %s)',
  async stream => {
    const losses = [
      { field: 'tools', action: 'dropped', why: 'it calls none' },
      { field: 'thinking', action: 'degraded', why: 'it thinks aloud' },
    ] as const
    const steps = says('x').map(event => (event.type === 'start' ? { ...event, losses } : event))
    const { port, log } = await start({ backends: [scripted({ steps })] })
    const { headers } = await post(port, '/v1/messages', { ...hello, stream })
    expect(headers).toMatchObject({ 'x-duologue-losses': 'tools dropped, thinking degraded' })
    expect(log).toMatchObject([
      { outcome: 'answered', losses: ['tools dropped: it calls none', 'thinking degraded: it thinks aloud'] },
    ])
  },
)

test.each([false, true])('a loss in a field of any name does not cost the answer (stream: %s)', async stream => {
  const losses = [{ field: `schema.日\r\nx-evil: ${'1'.repeat(300)}`, action: 'dropped', why: 'unknown' }] as const
  const steps = says('x').map(event => (event.type === 'start' ? { ...event, losses } : event))
  const { port, logText } = await start({ backends: [scripted({ steps })] })
  const { status, headers } = await post(port, '/v1/messages', { ...hello, stream })
  expect(logText()).not.toContain('1'.repeat(200))
  expect({ status, evil: headers['x-evil'] }).toEqual({ status: 200, evil: undefined })
  expect(headers['x-duologue-losses']).toMatch(/^schema\.\\u65e5\\u000d\\u000ax-evil: 1{1,190} dropped$/)
})

test('a failure of ours is told without its text, which is in the log', async () => {
  const { port, log } = await start({ backends: [scripted({ steps: [{ fail: new Error('0x7ffd: native text') }] })] })
  const reply = await post(port, '/v1/messages', hello)
  expect(reply).toMatchObject({ status: 500, json: { error: { type: 'api_error' } } })
  expect(reply.text).not.toContain('native')
  expect(log).toMatchObject([{ level: 'error', outcome: 'failed', error: { message: '0x7ffd: native text' } }])
})
