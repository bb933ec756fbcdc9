import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import type Anthropic from '@anthropic-ai/sdk'
import { afterAll, describe, expect, test } from 'vitest'
import { anthropicKinds, failureOf, messageText, wholeInput } from '../support/sdk-clients.ts'
import { serveModels } from '../support/served-starter.ts'

const served = await serveModels()
afterAll(() => served.close())

const hello = { model: 'tiny', max_tokens: 8, messages: [{ role: 'user', content: 'Hello' }] } as const
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const weather = {
  name: 'weather',
  description: 'Tells the weather',
  input_schema: {
    type: 'object' as const,
    properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
    required: ['city'],
    additionalProperties: false,
  },
}

describe.each(anthropicKinds)('$name', ({ open, errors, isStrict }) => {
  const client = open(served.url)
  /* Much of what is asked here is wrong on purpose, or newer than the types of one of the clients. */
  const ask = (more: object): Promise<Anthropic.Message & { _request_id?: string | null }> =>
    client.messages.create({ ...hello, ...more } as never)
  const askUser = (...content: object[]) => ask({ messages: [{ role: 'user', content }] })
  const count = (more: object) => client.messages.countTokens({ model: 'tiny', ...more } as never)
  const refusal = (more: object) => failureOf(ask(more), errors.BadRequestError)
  const refusalOf = (...content: object[]) => refusal({ messages: [{ role: 'user', content }] })

  test('[A01] a message has every field spelled out', async () => {
    const { id, content, usage, ...message } = await ask({})
    expect(message).toEqual({
      type: 'message',
      role: 'assistant',
      model: 'tiny',
      stop_reason: 'max_tokens',
      stop_sequence: null,
      stop_details: null,
      container: null,
      diagnostics: null,
    })
    expect(id).toMatch(/^msg_/)
    expect(content).toEqual([{ type: 'text', text: expect.stringMatching(/./) }])
    expect(Object.keys(usage).toSorted()).toEqual([
      'cache_creation',
      'cache_creation_input_tokens',
      'cache_read_input_tokens',
      'inference_geo',
      'input_tokens',
      'output_tokens',
      'output_tokens_details',
      'server_tool_use',
      'service_tier',
      'speed',
    ])
  })

  test('[A01] each message has an id and a request id of its own', async () => {
    const [one, two] = await Promise.all([ask({}), ask({})])
    expect(one.id).not.toBe(two.id)
    expect(one._request_id).toMatch(/^req_/)
    expect(one._request_id).not.toBe(two._request_id)
  })

  test('[A02] a system prompt is the same as text or as blocks', async () => {
    const messages = hello.messages
    const asText = await count({ messages, system: 'You are brief.\n\nYou are kind.' })
    const blocks = ['You are brief.', 'You are kind.'].map(text => ({ type: 'text', text }))
    const asBlocks = await count({ messages, system: blocks })
    const cached = blocks.map(block => ({ ...block, cache_control: { type: 'ephemeral', ttl: '1h' } }))
    expect(asBlocks).toEqual(asText)
    expect(await count({ messages, system: cached })).toEqual(asText)
  })

  test('[A02] an empty system prompt is as good as none', async () => {
    expect(await count({ messages: hello.messages, system: [] })).toEqual(await count({ messages: hello.messages }))
  })

  test('[A03] text is the same as a string or as a block', async () => {
    const asBlock = await count({ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] })
    expect(asBlock).toEqual(await count({ messages: hello.messages }))
  })

  test('[A03] turns of one role that follow each other are one', async () => {
    const two = await count({
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'user', content: 'World' },
      ],
    })
    expect(two).toEqual(await count({ messages: [{ role: 'user', content: 'Hello\n\nWorld' }] }))
  })

  test('[A04] instructions between the turns are part of the prompt', async () => {
    const turns = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi' },
    ]
    const last = { role: 'user', content: 'Go on' }
    const without = await count({ messages: [...turns, last] })
    const within = await count({ messages: [...turns, { role: 'system', content: 'Speak of the sea.' }, last] })
    expect(within.input_tokens).toBeGreaterThan(without.input_tokens)
  })

  test.each(['tiny', 'starter'])('[A04] instructions may come last to %s', async model => {
    const messages = [...hello.messages, { role: 'system', content: 'Speak of the sea.' }]
    const { content, usage } = await ask({ model, messages })
    expect(content).toHaveLength(1)
    expect(wholeInput(usage)).toBe((await count({ model, messages })).input_tokens)
  })

  test('[A05] a document of text is part of the prompt', async () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'The sea is deep. '.repeat(20) }
    const { usage } = await askUser({ type: 'document', source, title: 'The sea' }, { type: 'text', text: 'How deep?' })
    expect(wholeInput(usage)).toBeGreaterThan(100)
  })

  test('[A05] a search result is part of the prompt', async () => {
    const content = [{ type: 'text', text: 'The sea is deep. '.repeat(20) }]
    const { usage } = await askUser({ type: 'search_result', source: 'https://sea.example', title: 'Sea', content })
    expect(wholeInput(usage)).toBeGreaterThan(100)
  })

  test('[A06] calls of tools and their results are part of the prompt', async () => {
    const call = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } }
    const result = {
      type: 'tool_result',
      tool_use_id: 'toolu_1',
      content: [{ type: 'text', text: 'rain '.repeat(50) }],
    }
    const messages = [...hello.messages, { role: 'assistant', content: [call] }, { role: 'user', content: [result] }]
    const { usage, content } = await ask({ messages, tools: [weather] })
    expect(wholeInput(usage)).toBeGreaterThan(50)
    expect(content).toHaveLength(1)
  })

  test('[A06] that a tool failed is part of the prompt', async () => {
    const messages = (isError: boolean) => [
      ...hello.messages,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'x', is_error: isError }] },
    ]
    const failed = await count({ messages: messages(true) })
    expect(failed.input_tokens).toBeGreaterThan((await count({ messages: messages(false) })).input_tokens)
  })

  test('[A07] thinking of earlier turns is accepted and not shown to the model again', async () => {
    const messages = (content: object[]) => [...hello.messages, { role: 'assistant', content }, ...hello.messages]
    const said = { type: 'text', text: 'Hi' }
    const thought = { type: 'thinking', thinking: 'They greet me.', signature: 'c2lnbmVk' }
    const redacted = { type: 'redacted_thinking', data: 'c2VjcmV0' }
    expect(await count({ messages: messages([thought, redacted, said]) })).toEqual(
      await count({ messages: messages([said]) }),
    )
  })

  test('[A08] no tokens are asked for and none are written', async () => {
    const { content, stop_reason: reason, usage } = await ask({ max_tokens: 0 })
    expect({ content, reason, output: usage.output_tokens }).toEqual({ content: [], reason: 'max_tokens', output: 0 })
    expect(wholeInput(usage)).toBe((await count({ messages: hello.messages })).input_tokens)
  })

  test('[A08] asking for no tokens warms the cache', async () => {
    const messages = [{ role: 'user', content: `The tide comes ${isStrict ? 'in' : 'out'}. `.repeat(40) }]
    await ask({ max_tokens: 0, messages })
    const { usage } = await ask({ messages })
    expect(usage.cache_read_input_tokens).toBeGreaterThan(0)
  })

  const samplings = [
    { temperature: 1 },
    { temperature: 0 },
    { top_p: 0.9 },
    { top_k: 40 },
    { temperature: 0.5, top_p: 0.9, top_k: 40 },
  ]

  test.each(samplings)('[A09] sampling with %o goes by the API version', async sampling => {
    if (!isStrict) return expect((await ask(sampling)).content).toHaveLength(1)
    const error = await refusal(sampling)
    expect(error.message).toContain(Object.keys(sampling)[0])
  })

  test.each(samplings)('[A09] counting with %o goes by the API version', async sampling => {
    const counting = count({ messages: hello.messages, ...sampling })
    if (!isStrict) return expect((await counting).input_tokens).toBeGreaterThan(0)
    expect((await failureOf(counting, errors.BadRequestError)).message).toContain(Object.keys(sampling)[0])
  })

  test('[A10] a document of the assistant goes by the API version', async () => {
    const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Tides' } }
    const asking = ask({ messages: [...hello.messages, { role: 'assistant', content: [document] }, ...hello.messages] })
    if (!isStrict) return expect((await asking).content).toHaveLength(1)
    expect((await failureOf(asking, errors.BadRequestError)).message).toContain('messages.1.content.0')
  })

  test('[A10] citations in a turn of the user go by the API version', async () => {
    const citation = {
      type: 'char_location',
      cited_text: 'a',
      document_index: 0,
      start_char_index: 0,
      end_char_index: 1,
    }
    const asking = askUser({ type: 'text', text: 'Hello', citations: [citation] })
    if (!isStrict) return expect((await asking).content).toHaveLength(1)
    expect((await failureOf(asking, errors.BadRequestError)).message).toContain('messages.0.content.0.citations')
  })

  test('[A10] a citation of null says nothing in any API version', async () => {
    expect((await askUser({ type: 'text', text: 'Hello', citations: null })).content).toHaveLength(1)
  })

  test('[A11] tools may be sent, and are part of the prompt', async () => {
    const { usage, content } = await ask({ tools: [weather], tool_choice: { type: 'auto' } })
    expect(wholeInput(usage)).toBeGreaterThan((await count({ messages: hello.messages })).input_tokens)
    expect(content).toHaveLength(1)
  })

  test('[A11] tools that must not be called are not shown to the model', async () => {
    const { usage } = await ask({ tools: [weather], tool_choice: { type: 'none' } })
    expect(wholeInput(usage)).toBe((await count({ messages: hello.messages })).input_tokens)
  })

  test('[A11] counting counts tools, too', async () => {
    const { usage } = await ask({ tools: [weather] })
    expect(wholeInput(usage)).toBe((await count({ messages: hello.messages, tools: [weather] })).input_tokens)
  })

  test('[A22] what of a request was left out is in the log and in a header', async () => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    const messages = [...hello.messages, { role: 'assistant', content: 'Well' }]
    const body = { ...hello, messages, output_config: { format } }
    const { response, request_id: requestId } = await client.messages.create(body as never).withResponse()
    expect(response.headers.get('x-duologue-losses')).toBe('responseFormat degraded')
    const record = served.log.find(line => line['requestId'] === requestId)
    expect(record?.['losses']).toEqual([expect.stringMatching(/^responseFormat degraded: /)])
  })

  const calm = { ...weather, name: 'tides' }
  const once = { disable_parallel_tool_use: true }
  const forced = { model: 'starter', max_tokens: 200, tools: [weather, calm] }

  test('[A12] a tool that must be called is called, as its schema says', async () => {
    const choice = { type: 'tool', name: 'tides', ...once }
    const { content, stop_reason: reason } = await ask({ ...forced, tool_choice: choice })
    expect(reason).toBe('tool_use')
    expect(content).toEqual([
      {
        type: 'tool_use',
        id: expect.stringMatching(/^toolu_/),
        name: 'tides',
        input: { city: expect.stringMatching(/^(Paris|Rome)$/) },
        caller: { type: 'direct' },
      },
    ])
  })

  test('[A12] some tool is called where one must be', async () => {
    const { content, stop_reason: reason } = await ask({ ...forced, tool_choice: { type: 'any', ...once } })
    expect(reason).toBe('tool_use')
    expect(content).toHaveLength(1)
    expect(content[0]).toMatchObject({ type: 'tool_use', name: expect.stringMatching(/^(weather|tides)$/) })
  })

  test('[A12] a streamed call is put together from its pieces', async () => {
    const pieces: string[] = []
    const stream = client.messages.stream({
      ...hello,
      ...forced,
      messages: [...hello.messages],
      tool_choice: { type: 'tool', name: 'weather', ...once },
    })
    stream.on('inputJson', piece => pieces.push(piece))
    const { content } = await stream.finalMessage()
    const [call] = content
    expect(call).toMatchObject({ type: 'tool_use', name: 'weather' })
    expect(call?.type === 'tool_use' && call.input).toEqual(JSON.parse(pieces.join('')))
  })

  test('[A12] the result of a call that was made is taken back', async () => {
    const first = await ask({ ...forced, tool_choice: { type: 'any', ...once } })
    const results = first.content.flatMap(block =>
      block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: 'rain' }] : [],
    )
    const messages = [
      ...hello.messages,
      { role: 'assistant', content: first.content },
      { role: 'user', content: results },
    ]
    const { content } = await ask({ ...forced, messages, max_tokens: 8, tool_choice: { type: 'none' } })
    expect(content.map(({ type }) => type)).toEqual(['text'])
  })

  test('[A23] an answer has the shape that was asked for', async () => {
    const format = { type: 'json_schema', schema: weather.input_schema }
    const message = await ask({ model: 'starter', max_tokens: 100, output_config: { format } })
    expect(message.stop_reason).toBe('end_turn')
    expect(JSON.parse(messageText(message))).toEqual({ city: expect.stringMatching(/^(Paris|Rome)$/) })
  })

  test.each([{ type: 'none' }, { type: 'auto', disable_parallel_tool_use: true }])(
    '[A12] a tool choice of %o asks for nothing that cannot be kept',
    async choice => {
      expect((await ask({ tools: [weather], tool_choice: choice })).content).toHaveLength(1)
    },
  )

  test('[A12] a choice of a tool that was not sent is refused', async () => {
    const error = await refusal({ tools: [weather], tool_choice: { type: 'tool', name: 'tides' } })
    expect(error.message).toContain('tides')
  })

  test('[A13] a tool that only the vendor runs is left out and told, and refused where nothing may be', async () => {
    const asked = { ...hello, tools: [{ type: 'web_search_20250305', name: 'web_search' }] } as never
    const { response } = await client.messages.create(asked).withResponse()
    expect(response.headers.get('x-duologue-losses')).toBe('tools.web_search_20250305 dropped')
    const strict = client.messages.create(asked, { headers: { 'x-duologue-strict': '1' } })
    expect((await failureOf(strict, errors.BadRequestError)).message).toContain('web_search_20250305')
  })

  test('[A13] a typed tool of the client is accepted', async () => {
    expect((await ask({ tools: [{ type: 'bash_20250124', name: 'bash' }] })).content).toHaveLength(1)
  })

  const unseen = [
    { what: 'an image', type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
    { what: 'an image', type: 'image', source: { type: 'url', url: 'https://sea.example/a.png' } },
    {
      what: 'application/pdf',
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
    },
    { what: 'a document given by url', type: 'document', source: { type: 'url', url: 'https://sea.example/a.pdf' } },
    { what: 'a document given by file', type: 'document', source: { type: 'file', file_id: 'file_1' } },
    { what: 'container_upload', type: 'container_upload', file_id: 'file_1' },
  ]

  test.each(unseen)('[A14] what the model cannot be shown is refused and named: $what, $source.type', async block => {
    const { what, ...content } = block
    expect((await refusalOf(content)).message).toContain(what)
  })

  test('[A14] an image in the result of a tool is told in words, and refused where nothing may be lost', async () => {
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }
    const messages = [
      ...hello.messages,
      { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [image] }] },
    ]
    const asked = { ...hello, messages } as never
    const { response, data } = await client.messages.create(asked).withResponse()
    expect(response.headers.get('x-duologue-losses')).toBe('messages.2.content.0.content.0 degraded')
    expect(wholeInput(data.usage)).toBe((await count({ messages })).input_tokens)
    const strict = client.messages.create(asked, { headers: { 'x-duologue-strict': '1' } })
    expect((await failureOf(strict, errors.BadRequestError)).message).toContain('an image')
  })

  test('[A15] an unknown block is refused by its path', async () => {
    const error = await refusalOf({ type: 'text', text: 'Hello' }, { type: 'hologram', beam: 1 })
    expect(error.message).toMatch(/messages\.0\.content\.1.*hologram/)
  })

  test('[A15] a block of the assistant in a turn of the user is refused by its path', async () => {
    const error = await refusalOf({ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} })
    expect(error.message).toContain('messages.0.content.0')
  })

  const tolerated = [
    { safeguards: { mode: 'on' } },
    { thinking: { type: 'adaptive', display: 'updates' } },
    { thinking: { type: 'disabled' } },
    { metadata: { user_id: 'u-1' } },
    { service_tier: 'standard_only' },
    { cache_control: { type: 'ephemeral' } },
    { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
    { output_config: { effort: 'high' } },
    { output_config: { effort: 'heroic' } },
    { tools: [] },
    { stop_sequences: [] },
    { mcp_servers: [] },
    { inference_geo: 'eu', speed: 'fast', container: null, fallbacks: [] },
  ]

  test.each(tolerated)('[A16] a hint that changes nothing here is tolerated: %o', async more => {
    expect((await ask(more)).content).toHaveLength(1)
  })

  test('[A16] unknown beta features are tolerated', async () => {
    const message = await client.beta.messages.create({
      ...hello,
      messages: [...hello.messages],
      betas: ['tides-2031-01-01'],
    })
    expect(message.content).toHaveLength(1)
  })

  test('[A16] thinking may be asked for, and the answer comes as text', async () => {
    const { content } = await ask({
      max_tokens: 1100,
      stop_sequences: ['e'],
      thinking: { type: 'enabled', budget_tokens: 1024 },
    })
    expect(content.every(({ type }) => type === 'text')).toBe(true)
  })

  const wrong = [
    { field: 'max_tokens', max_tokens: undefined },
    { field: 'max_tokens', max_tokens: -1 },
    { field: 'max_tokens', max_tokens: 1.5 },
    { field: 'max_tokens', max_tokens: '8' },
    { field: 'messages', messages: undefined },
    { field: 'messages', messages: [] },
    { field: 'messages', messages: 'Hello' },
    { field: 'messages.0.role', messages: [{ role: 'tool', content: 'Hello' }] },
    { field: 'messages.0.content', messages: [{ role: 'user' }] },
    { field: 'messages.0.content', messages: [{ role: 'user', content: 7 }] },
    { field: 'messages.0.content.0.text', messages: [{ role: 'user', content: [{ type: 'text' }] }] },
    { field: 'model', model: undefined },
    { field: 'model', model: '' },
    { field: 'system', system: 7 },
    { field: 'stop_sequences', stop_sequences: 'x' },
    { field: 'stop_sequences.0', stop_sequences: ['  '] },
    { field: 'thinking.budget_tokens', thinking: { type: 'enabled', budget_tokens: 50 } },
    { field: 'thinking.budget_tokens', max_tokens: 1024, thinking: { type: 'enabled', budget_tokens: 1024 } },
    { field: 'tools.0.input_schema', tools: [{ name: 'weather' }] },
    { field: 'tools.0.name', tools: [{ ...weather, name: 'no spaces' }] },
    { field: 'tools.1.name', tools: [weather, weather] },
    { field: 'tool_choice.type', tools: [weather], tool_choice: { type: 'perhaps' } },
    { field: 'metadata', metadata: 'u-1' },
  ]

  test.each(wrong)('[A17] what is wrong is refused by its field: $field', async ({ field, ...more }) => {
    const error = await refusal(more)
    expect(error.message).toContain(`${field}: `)
    expect(error.status).toBe(400)
  })

  test('[A17] a stream flag that is no boolean is refused', async () => {
    const error = await failureOf(
      client.post('/v1/messages', { body: { ...hello, stream: 'yes' } }),
      errors.BadRequestError,
    )
    expect(error.message).toContain('stream: ')
  })

  test('[A18] a thread is refused with the code that clients go on from', async () => {
    const thread = { thread: { type: 'create' } }
    const error = await refusal(thread)
    expect(error.error).toMatchObject({ error: { details: { error_code: 'thread_unsupported_request' } } })
    expect(await failureOf(count({ ...hello, ...thread }), errors.BadRequestError)).toMatchObject({ status: 400 })
  })

  test('[A19] the stop sequence that matched is named', async () => {
    const {
      stop_reason: reason,
      stop_sequence: sequence,
      content,
    } = await ask({
      model: 'starter',
      max_tokens: 64,
      stop_sequences: ['a', 'e', 'i', 'o', 'u'],
    })
    expect(reason).toBe('stop_sequence')
    expect(sequence).toMatch(/^[aeiou]$/)
    expect(messageText({ content })).not.toMatch(/[aeiou]/)
  })

  test('[A20] the beta endpoint answers as the plain one does', async () => {
    const message = await client.beta.messages.create({ ...hello, messages: [...hello.messages] })
    expect(message).toMatchObject({ type: 'message', stop_reason: 'max_tokens', usage: { output_tokens: 8 } })
  })

  test('[A21] the tool runner ends with an answer', async () => {
    const runner = client.beta.messages.toolRunner({
      ...hello,
      messages: [...hello.messages],
      tools: [
        betaTool({
          name: 'weather',
          description: 'Tells the weather',
          inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
          run: () => 'rain',
        }),
      ],
    })
    const message = await runner
    expect(message.content.map(({ type }) => type)).toEqual(['text'])
  })

  test('[A21] the tool runner runs the tool that the model calls', async () => {
    const asked: unknown[] = []
    const runner = client.beta.messages.toolRunner({
      model: 'starter',
      max_tokens: 100,
      max_iterations: 2,
      messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
      tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true },
      tools: [
        betaTool({
          name: 'weather',
          description: 'Tells the weather',
          inputSchema: weather.input_schema as never,
          run: input => {
            asked.push(input)
            return 'rain'
          },
        }),
      ],
    })
    await runner.runUntilDone()
    expect(asked[0]).toEqual({ city: expect.stringMatching(/^(Paris|Rome)$/) })
  })

  test('[A21] a streaming tool runner ends with an answer', async () => {
    const runner = client.beta.messages.toolRunner({
      ...hello,
      messages: [...hello.messages],
      tools: [],
      stream: true,
    })
    const texts: string[] = []
    for await (const stream of runner) texts.push(await stream.finalText())
    expect(texts).toEqual([expect.stringMatching(/./)])
  })
})
