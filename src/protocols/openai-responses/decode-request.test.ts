import { describe, expect, test } from 'vitest'
import { ModelError } from '../../core/errors.ts'
import type { ContentBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { openaiResponses } from './index.ts'
import { nothingRecalled } from './recall.ts'

const { server, client, stateful } = openaiResponses

function read(body: object) {
  return server.decodeRequest({ model: 'm', input: 'Hi', ...body }, {})
}

function turns(...input: readonly object[]) {
  return read({ input }).request.messages
}

function blocks(...input: readonly object[]): readonly ContentBlock[] {
  return turns(...input).flatMap(({ content }) => content)
}

/** Writes a request again for an upstream that speaks this protocol. */
function again(body: object): JsonObject {
  return client.encodeRequest(read(body)).body
}

const call = { type: 'function_call', call_id: 'c1', name: 'find', arguments: '{}' }
const result = { type: 'function_call_output', call_id: 'c1', output: 'found' }

describe('items', () => {
  test('that a model gave in one turn are one turn, and so are results', () => {
    const found = turns(
      { role: 'user', content: 'a' },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm' }], encrypted_content: 'x' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'b', annotations: [] }] },
      call,
      { ...call, call_id: 'c2' },
      result,
      { ...result, call_id: 'c2' },
      { role: 'user', content: 'c' },
    )
    expect(found.map(({ role, content }) => [role, content.map(({ type }) => type).join()])).toEqual([
      ['user', 'text'],
      ['assistant', 'thinking,text,tool-call,tool-call'],
      ['user', 'tool-result,tool-result'],
      ['user', 'text'],
    ])
  })

  test('that instruct at the beginning are the system prompt, and later ones stay', () => {
    const { system, messages } = read({
      instructions: 'One',
      input: [
        { role: 'developer', content: 'Two' },
        { role: 'user', content: 'a' },
        { role: 'system', content: 'Three' },
      ],
    }).request
    expect(system.map(({ text }) => text)).toEqual(['One', 'Two'])
    expect(messages.map(({ role }) => role)).toEqual(['user', 'system'])
  })

  test('of every kind of part are read', () => {
    const content = [
      { type: 'input_text', text: 'a' },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
      { type: 'input_image', file_id: 'file_1' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
      { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    ]
    expect(blocks({ role: 'user', content })).toEqual([
      { type: 'text', text: 'a' },
      { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' }, detail: 'low' },
      { type: 'image', source: { type: 'file', fileId: 'file_1' } },
      { type: 'document', source: { type: 'base64', mediaType: 'application/pdf', data: 'AAAA' }, title: 'a.pdf' },
      { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
    ])
    expect(blocks({ ...result, output: content.slice(0, 2) })).toMatchObject([
      { type: 'tool-result', callId: 'c1', content: [{ type: 'text' }, { type: 'image' }] },
    ])
  })

  test('of which nothing is known are kept for who knows them', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    expect(blocks(search)).toEqual([{ type: 'opaque', protocol: 'openai-responses', value: search }])
  })

  test.each([
    ['no type, role and id', {}, 'input.0.type', 'missing-field'],
    ['a role that is none', { role: 'tool', content: 'x' }, 'input.0.role', 'unsupported-value'],
    ['no content', { role: 'user' }, 'input.0.content', 'missing-field'],
    ['a call without an id', { ...call, call_id: '' }, 'input.0.call_id', 'unsupported-value'],
    ['arguments that are no text', { ...call, arguments: {} }, 'input.0.arguments', 'wrong-type'],
    [
      'a reference to what is not there',
      { type: 'item_reference', id: 'msg_1' },
      'input.0.id',
      'previous-response-not-found',
    ],
  ])('with %s are refused by their place', (...[, item, field, code]) => {
    const error = failureOf(() => turns(item))
    expect([error.field?.join('.'), error.code]).toEqual([field, code])
  })
})

describe('reasoning comes back to its maker', () => {
  const reasoning = (encrypted_content: string) => ({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content })

  test.each([
    ['of OpenAI', 'gAAAA', 'duologue.openai-responses.rs_1:gAAAA'],
    ['of this machine', 'duologue.1.c2ln', 'duologue.1.c2ln'],
    ['of Anthropic', 'duologue.anthropic-messages.:EqQB', 'EqQB'],
  ])('%s', (_, data, signature) => {
    expect(blocks(reasoning(data))).toEqual([{ type: 'thinking', text: '', signature }])
  })

  test('that is redacted', () => {
    const data = 'duologue.anthropic-messages.redacted:xyz'
    expect(blocks(reasoning(data))).toEqual([{ type: 'redacted-thinking', data: 'xyz' }])
  })
})

describe('tools', () => {
  /* What Codex sends with each request. */
  const codex = [
    { type: 'function', name: 'shell', description: 'Runs', parameters: { type: 'object' }, strict: false },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Edits',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
    },
    {
      type: 'namespace',
      name: 'mcp__docs',
      description: 'Docs',
      tools: [
        { type: 'function', name: 'search' },
        { type: 'custom', name: 'note' },
      ],
    },
    { type: 'web_search', external_web_access: true },
    { type: 'local_shell' },
  ]

  test('of an agent are functions for everybody, and those that run elsewhere are kept', () => {
    const { tools, opaqueTools } = read({ tools: codex }).request
    expect(tools?.map(({ name }) => name)).toEqual(['shell', 'apply_patch', 'mcp__docs__search', 'mcp__docs__note'])
    expect(tools?.[1]).toMatchObject({
      description: expect.stringMatching(/Edits\n\nThe input must match this lark grammar:\nstart: "x"/),
      inputSchema: { required: ['input'], additionalProperties: false },
    })
    expect(opaqueTools?.map(({ value }) => value['type'])).toEqual(['web_search', 'local_shell'])
  })

  test('whose arguments are no object are refused', () => {
    const tools = (type: string | string[]) => [{ type: 'function', name: 'a', parameters: { type } }]
    expect(failureOf(() => read({ tools: tools('array') })).field).toEqual(['tools', 0, 'parameters', 'type'])
    expect(read({ tools: tools(['object', 'null']) })).toMatchObject({ request: { tools: [{ name: 'a' }] } })
  })

  test('go to an upstream that knows them as they came', () => {
    expect(again({ tools: codex })['tools']).toEqual(codex)
  })

  test('of one name in a namespace and outside of it go on as they came', () => {
    const outside = { type: 'function', name: 'search', parameters: { type: 'object' }, strict: false }
    const tools = [
      ...codex,
      outside,
      { type: 'namespace', name: 'mcp__web', tools: [{ type: 'function', name: 'search' }] },
    ]
    expect(again({ tools })['tools']).toEqual([...codex.slice(0, 3), ...tools.slice(5), ...codex.slice(3)])
  })

  test.each([
    ['search', 'function'],
    ['note', 'custom'],
  ])('of a namespace that alone are allowed, as %s, go on alone', (name, type) => {
    const tools = [{ type, namespace: 'mcp__docs', name }]
    const body = again({ tools: codex, tool_choice: { type: 'allowed_tools', mode: 'auto', tools } })
    const docs = { type: 'namespace', name: 'mcp__docs', description: 'Docs', tools: [{ type, name }] }
    expect([body['tools'], body['tool_choice']]).toEqual([[docs], 'auto'])
  })

  test('of a whole namespace, or of one remote server, are allowed by its name', () => {
    const [mine, other] = ['mine', 'other'].map(server_label => ({
      type: 'mcp',
      server_label,
      require_approval: 'never',
    }))
    const tools = [
      { type: 'namespace', name: 'mcp__docs' },
      { type: 'mcp', server_label: 'mine' },
    ]
    const body = again({ tools: [...codex, other, mine], tool_choice: { type: 'allowed_tools', mode: 'auto', tools } })
    expect(body['tools']).toEqual([codex[2], mine])
  })

  test.each([
    { type: 'function', name: 'shell' },
    { type: 'custom', name: 'apply_patch' },
    { type: 'function', namespace: 'mcp__docs', name: 'search' },
    { type: 'custom', namespace: 'mcp__docs', name: 'note' },
  ])('are chosen at an upstream in the words of the client: %j', tool_choice => {
    expect(again({ tools: codex, tool_choice })['tool_choice']).toEqual(tool_choice)
  })

  test.each([true, false])('of a server are chosen whether or not calls may be parallel: %s', parallel_tool_calls => {
    const tool_choice = { type: 'web_search' }
    expect(again({ tools: codex, tool_choice, parallel_tool_calls })).toMatchObject({
      tool_choice,
      parallel_tool_calls,
    })
  })

  test('of a namespace are chosen alone at an upstream that takes no names', () => {
    const tool_choice = { type: 'custom', namespace: 'mcp__docs', name: 'note' }
    const { body } = client.encodeRequest(read({ tools: codex, tool_choice }), { toolChoice: 'words' })
    expect(body).toMatchObject({ tool_choice: 'required', tools: [{ tools: [{ name: 'note' }] }] })
  })

  test('that were called go back as they were called', () => {
    const input = [
      { type: 'custom_tool_call', call_id: 'c1', name: 'apply_patch', input: '*** Begin' },
      { type: 'custom_tool_call_output', call_id: 'c1', output: 'done' },
      { ...call, call_id: 'c2', name: 'search', namespace: 'mcp__docs' },
      { ...result, call_id: 'c2' },
    ]
    expect(blocks(...input)).toMatchObject([
      { type: 'tool-call', name: 'apply_patch', input: '{"input":"*** Begin"}' },
      { type: 'tool-result', callId: 'c1' },
      { type: 'tool-call', name: 'mcp__docs__search', input: '{}' },
      { type: 'tool-result', callId: 'c2' },
    ])
    expect(again({ input })['input']).toEqual(input)
  })

  test.each([
    ['required', { type: 'any' }],
    ['none', { type: 'none' }],
    [
      { type: 'function', name: 'shell' },
      { type: 'tool', name: 'shell' },
    ],
    [
      { type: 'custom', name: 'apply_patch' },
      { type: 'tool', name: 'apply_patch' },
    ],
    [
      { type: 'function', namespace: 'mcp__docs', name: 'search' },
      { type: 'tool', name: 'mcp__docs__search' },
    ],
    [{ type: 'web_search' }, undefined],
  ])('are chosen by %j', (tool_choice, toolChoice) => {
    expect(read({ tools: codex, tool_choice }).request.toolChoice).toEqual(toolChoice)
  })

  test('that are allowed remain', () => {
    const tool_choice = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'shell' }, { type: 'local_shell' }],
    }
    const { tools, opaqueTools, toolChoice } = read({ tools: codex, tool_choice }).request
    expect([tools?.length, opaqueTools?.length, toolChoice]).toEqual([1, 1, { type: 'any' }])
  })
})

describe('a tool that must be called', () => {
  const shell = { type: 'function', name: 'shell' }
  const allowed = (...tools: readonly object[]) => ({ type: 'allowed_tools', mode: 'required', tools })

  test.each([
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice', { tool_choice: 'required', tools: [] }],
    ['tool_choice.tools', { tool_choice: allowed(), tools: [shell] }],
    ['tool_choice.tools', { tool_choice: allowed({ type: 'web_search' }), tools: [shell] }],
    ['tool_choice.tools', { tool_choice: allowed({ type: 'namespace' }), tools: [shell] }],
  ])('is refused at %s where none is left: %j', (field, body) => {
    const error = failureOf(() => read(body))
    expect([error.kind, error.field?.join('.')]).toEqual(['invalid-request', field])
  })

  test('may be one that a server runs', () => {
    const search = { type: 'web_search' }
    expect(again({ tools: [shell, search], tool_choice: allowed(search) })).toMatchObject({
      tools: [search],
      tool_choice: 'required',
    })
  })
})

describe('what is asked', () => {
  test('has a place for each field', () => {
    const { request, isStreaming } = read({
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      max_output_tokens: 20,
      reasoning: { effort: 'high', summary: 'auto' },
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'a', schema: { type: 'object' }, strict: true } },
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
      top_logprobs: 3,
      metadata: { a: 'b' },
      user: 'u',
      prompt_cache_key: 'k',
      client_metadata: { x: 1 },
      store: false,
    })
    expect(isStreaming).toBe(true)
    expect(request).toEqual({
      model: 'm',
      system: [],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      sampling: { temperature: 0.5, topP: 0.9 },
      maxTokens: 20,
      effort: 'high',
      responseFormat: { type: 'json-schema', name: 'a', schema: { type: 'object' }, isStrict: true },
      topLogprobs: 3,
      userId: 'u',
      cacheKey: 'k',
      metadata: { a: 'b' },
      extras: {
        'openai-responses': {
          client_metadata: { x: 1 },
          reasoning: { summary: 'auto' },
          text: { verbosity: 'low' },
          include: ['reasoning.encrypted_content'],
        },
      },
    })
  })

  test.each([
    [{}, {}],
    [{ prompt_cache_retention: '24h' }, { ttl: '1h' }],
    [{ store: false, prompt_cache_retention: '24h' }, { ttl: '1h' }],
    [{ store: false }, undefined],
  ])('with %j may be gone on from for as long as %j', (fields, resumes) => {
    expect(read(fields).request.resumes).toEqual(resumes)
  })

  test('is never stored at an upstream, and sent whole', () => {
    const body = again({ store: true, previous_response_id: 'resp_1', conversation: null, background: false })
    expect(body).toEqual({ model: 'm', store: false, input: [{ role: 'user', type: 'message', content: 'Hi' }] })
  })
})

describe('a request that goes on from a response', () => {
  const history = [
    { type: 'message', role: 'user', content: 'One' },
    { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'Two' }] },
  ]

  test('is read with all that was said before', () => {
    const { request } = stateful.decodeRequest({ model: 'm', input: 'Three' }, { ...nothingRecalled, history })
    expect(request.messages.map(({ content }) => content.map(block => 'text' in block && block.text)).flat()).toEqual([
      'One',
      'Two',
      'Three',
    ])
  })

  test('may say nothing of its own', () => {
    const { request } = stateful.decodeRequest({ model: 'm' }, { ...nothingRecalled, history })
    expect(request.messages).toHaveLength(2)
  })

  test('is told where its own input is wrong', () => {
    const body = { model: 'm', input: [{ role: 'x', content: '' }] }
    const error = failureOf(() => stateful.decodeRequest(body, { ...nothingRecalled, history }))
    expect(error.field).toEqual(['input', 0, 'role'])
  })

  test('names what it refers to, whatever else it says', () => {
    expect(
      stateful.referencesIn({
        previous_response_id: 'a',
        input: [{ id: 'b' }, { type: 'item_reference', id: 'c' }, 7],
      }),
    ).toEqual({
      previousId: 'a',
      itemIds: ['b', 'c'],
    })
    for (const body of [null, 7, [], 'x', { input: { id: 'b' } }]) {
      expect(stateful.referencesIn(body)).toEqual({ itemIds: [] })
    }
  })

  test('refuses a reference that leads to itself', () => {
    const reference = { type: 'item_reference', id: 'a' }
    const recalled = { history: [], items: new Map([['a', reference]]) }
    const error = failureOf(() => stateful.decodeRequest({ model: 'm', input: [reference] }, recalled))
    expect(error.field).toEqual(['input', 0, 'id'])
  })

  test('keeps an id for each of its items', () => {
    const input = [{ role: 'user', content: 'a' }, { ...call, id: 'fc_own' }, result]
    expect(stateful.inputItems({ input }, 'resp_u1', nothingRecalled).map(({ type, id }) => [type, id])).toEqual([
      ['message', 'msg_u1_i0'],
      ['function_call', 'fc_own'],
      ['function_call_output', 'fco_u1_i2'],
    ])
    expect(stateful.inputItems({ input: 'Hi' }, 'resp_u1', nothingRecalled)).toMatchObject([
      { role: 'user', id: 'msg_u1_i0' },
    ])
  })
})

function failureOf(act: () => unknown): ModelError {
  try {
    act()
  } catch (error) {
    if (error instanceof ModelError) return error
  }
  throw new Error('this should have failed')
}
