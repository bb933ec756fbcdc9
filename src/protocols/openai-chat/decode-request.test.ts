import { describe, expect, test } from 'vitest'
import { ModelError } from '../../core/errors.ts'
import { decodeRequest } from './decode-request.ts'

const hello = { role: 'user', content: 'Hello' }

function decode(fields: object) {
  return decodeRequest({ model: 'm', messages: [hello], ...fields })
}

function decodeTurns(...messages: readonly unknown[]) {
  return decode({ messages }).request
}

function fault(body: unknown): { param: string; code: string | undefined; message: string } {
  try {
    decodeRequest(body)
  } catch (error) {
    if (error instanceof ModelError && error.kind === 'invalid-request') {
      return { param: (error.field ?? []).join('.'), code: error.code, message: error.message }
    }
    throw error
  }
  throw new Error('the body was accepted')
}

describe('the conversation', () => {
  test('opening instructions become the system prompt and later ones stay in place', () => {
    const { system, messages } = decodeTurns({ role: 'system', content: 'Be brief.' }, hello, {
      role: 'developer',
      content: 'Now in French.',
    })
    expect(system).toEqual([{ type: 'text', text: 'Be brief.' }])
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      {
        role: 'system',
        content: [{ type: 'text', text: 'Now in French.' }],
        extras: { 'openai-chat': { role: 'developer' } },
      },
    ])
  })

  test('images come by address or by their bytes', () => {
    const { messages } = decodeTurns({
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
        { type: 'image_url', image_url: { url: 'data:image/PNG;base64,iVBORw0=' } },
      ],
    })
    expect(messages[0]?.content).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' }, detail: 'low' },
      { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'iVBORw0=' } },
    ])
  })

  test('a file becomes a document and sound stays as it is', () => {
    const audio = { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }
    const { messages } = decodeTurns({
      role: 'user',
      content: [
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
        { type: 'file', file: { file_id: 'file-1' } },
        audio,
      ],
    })
    expect(messages[0]?.content).toEqual([
      { type: 'document', title: 'a.pdf', source: { type: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' } },
      { type: 'document', source: { type: 'file', fileId: 'file-1' } },
      { type: 'opaque', protocol: 'openai-chat', value: audio },
    ])
  })

  test('results that follow each other are one turn, and calls keep their arguments as text', () => {
    const { messages } = decodeTurns(
      hello,
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Two calls.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'a', arguments: '{"x": 1}' } },
          { id: 'call_2', type: 'function', function: { name: 'b', arguments: '{"broken' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'one' },
      { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'two' }] },
      hello,
    )
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'thinking', text: 'Two calls.' },
          { type: 'tool-call', id: 'call_1', name: 'a', input: '{"x": 1}' },
          { type: 'tool-call', id: 'call_2', name: 'b', input: '{"broken' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool-result', callId: 'call_1', content: [{ type: 'text', text: 'one' }] },
          { type: 'tool-result', callId: 'call_2', content: [{ type: 'text', text: 'two' }] },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
    ])
  })

  test('an assistant turn of no text has no block, and a null field of it is not kept', () => {
    const calls = [{ id: 'c', function: { name: 'f', arguments: '{}' } }]
    const { messages } = decodeTurns(hello, {
      role: 'assistant',
      content: '',
      tool_calls: calls,
      parsed: null,
      audio: null,
    })
    expect(messages[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'tool-call', id: 'c', name: 'f', input: '{}' }],
    })
  })

  test('calls and results of the retired kind are paired by the name of their function', () => {
    const { messages } = decodeTurns(
      hello,
      { role: 'assistant', content: null, function_call: { name: 'now', arguments: '{}' } },
      { role: 'function', name: 'now', content: '12:00' },
    )
    expect(messages.slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'tool-call', id: 'function_now', name: 'now', input: '{}' }] },
      {
        role: 'user',
        content: [{ type: 'tool-result', callId: 'function_now', content: [{ type: 'text', text: '12:00' }] }],
      },
    ])
  })
})

describe('the fields', () => {
  test('every knob has its neutral place', () => {
    const { request, isStreaming, includesUsage } = decode({
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 5,
      max_tokens: 9,
      temperature: 2,
      top_p: 0.5,
      top_k: -1,
      min_p: 0.1,
      seed: -3,
      frequency_penalty: -2,
      presence_penalty: 2,
      logit_bias: { 50256: -100 },
      stop: 'END',
      logprobs: true,
      top_logprobs: 20,
      reasoning_effort: 'high',
      user: 'u',
      prompt_cache_key: 'k',
      metadata: { a: 'b' },
    })
    expect({ isStreaming, includesUsage }).toEqual({ isStreaming: true, includesUsage: true })
    expect(request).toEqual({
      model: 'm',
      system: [],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      maxTokens: 5,
      sampling: {
        temperature: 2,
        topP: 0.5,
        topK: 0,
        minP: 0.1,
        seed: -3,
        frequencyPenalty: -2,
        presencePenalty: 2,
        logitBias: { 50256: -100 },
      },
      stopSequences: ['END'],
      topLogprobs: 20,
      effort: 'high',
      userId: 'u',
      cacheKey: 'k',
      metadata: { a: 'b' },
    })
  })

  test('null is the same as nothing, whatever the field', () => {
    const nothing = Object.fromEntries(
      'stream stream_options max_tokens max_completion_tokens stop temperature top_p top_k seed n logprobs top_logprobs logit_bias tools tool_choice parallel_tool_calls functions function_call response_format reasoning_effort verbosity modalities audio metadata user safety_identifier prompt_cache_key store unheard_of'
        .split(' ')
        .map(name => [name, null]),
    )
    expect(decode(nothing)).toEqual(decode({}))
  })

  test('fields that no one else has are kept for backends of this protocol', () => {
    const { request } = decode({
      store: false,
      verbosity: 'low',
      chat_template_kwargs: { enable_thinking: false },
      n: 1,
    })
    expect(request.extras).toEqual({
      'openai-chat': { store: false, verbosity: 'low', chat_template_kwargs: { enable_thinking: false } },
    })
  })

  test('a field called __proto__ is kept as a field and changes nothing', () => {
    const body: unknown = JSON.parse('{"model":"m","messages":[{"role":"user","content":"x"}],"__proto__":{"n":2}}')
    expect(Object.keys(decodeRequest(body).request.extras?.['openai-chat'] ?? {})).toEqual(['__proto__'])
  })

  test('a list of allowed tools removes the others', () => {
    const tools = ['a', 'b'].map(name => ({ type: 'function', function: { name } }))
    const allowed = { mode: 'required', tools: [tools[1]] }
    const { request } = decode({
      tools,
      tool_choice: { type: 'allowed_tools', allowed_tools: allowed },
      parallel_tool_calls: false,
    })
    expect(request.tools).toEqual([{ name: 'b', inputSchema: { type: 'object', properties: {} } }])
    expect(request.toolChoice).toEqual({ type: 'any', isParallel: false })
  })

  test.each([
    ['none', { type: 'none' }],
    ['auto', { type: 'auto' }],
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'a' } },
      { type: 'tool', name: 'a' },
    ],
  ])('the tool choice %j is %j', (tool_choice, expected) => {
    const tools = [{ type: 'function', function: { name: 'a', strict: true } }]
    expect(decode({ tools, tool_choice }).request.toolChoice).toEqual(expected)
  })

  test('no effort means no reasoning', () => {
    expect(decode({ reasoning_effort: 'default' }).request).not.toHaveProperty('effort')
    expect(decode({ reasoning_effort: 'none' }).request).toMatchObject({
      effort: 'none',
      thinking: { mode: 'disabled' },
    })
  })

  test('a schema is taken from `json_schema`, and from `json_object` as llama.cpp has it', () => {
    const schema = { type: 'object' }
    const json_schema = { name: 'out', schema, strict: true }
    expect(decode({ response_format: { type: 'json_schema', json_schema } }).request.responseFormat).toEqual({
      type: 'json-schema',
      name: 'out',
      schema,
      isStrict: true,
    })
    expect(decode({ response_format: { type: 'json_object', schema } }).request.responseFormat).toEqual({
      type: 'json-schema',
      schema,
    })
  })
})

describe('what is wrong is named', () => {
  const text = { type: 'text', text: 'x' }
  const tool = { type: 'function', function: { name: 'a' } }
  const turns = (...messages: readonly unknown[]) => ({ messages })
  const user = (...content: readonly unknown[]) => turns({ role: 'user', content })

  test.each<[param: string, code: string, fields: object]>([
    ['model', 'missing-field', { model: undefined }],
    ['model', 'unsupported-value', { model: '' }],
    ['model', 'wrong-type', { model: 7 }],
    ['messages', 'missing-field', { messages: undefined }],
    ['messages', 'wrong-type', { messages: 'Hello' }],
    ['messages', 'unsupported-value', { messages: [] }],
    ['messages.0', 'wrong-type', turns('Hello')],
    ['messages.1.role', 'missing-field', turns(hello, { content: 'x' })],
    ['messages.0.role', 'unsupported-value', turns({ role: 'bard', content: 'x' })],
    ['messages.0.content', 'missing-field', turns({ role: 'user' })],
    ['messages.0.content', 'wrong-type', turns({ role: 'user', content: 7 })],
    ['messages.0.content', 'unsupported-value', user()],
    ['messages.0.content.1.type', 'unsupported-value', user(text, { type: 'video' })],
    ['messages.0.content.0.type', 'missing-field', user({ text: 'x' })],
    ['messages.0.content.0.text', 'wrong-type', user({ type: 'text', text: null })],
    [
      'messages.0.content.0.image_url.url',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: 'file:///a' } }),
    ],
    ['messages.0.content.0.image_url', 'wrong-type', user({ type: 'image_url', image_url: 'https://example.com' })],
    [
      'messages.0.content.0.image_url.url',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: 'data:text/plain;base64,eA==' } }),
    ],
    [
      'messages.0.content.0.image_url.url',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: 'data:image/png;base64,!' } }),
    ],
    [
      'messages.0.content.0.image_url.detail',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: 'https://a', detail: 'x' } }),
    ],
    ['messages.0.content.0.file', 'missing-field', user({ type: 'file', file: {} })],
    [
      'messages.0.content.0.file.file_data',
      'unsupported-value',
      user({ type: 'file', file: { file_data: 'JVBERi0=' } }),
    ],
    ['messages.0.content.0.input_audio', 'missing-field', user({ type: 'input_audio' })],
    ['messages.0.content.0.type', 'unsupported-value', turns({ role: 'system', content: [{ type: 'image_url' }] })],
    ['messages.0.content', 'missing-field', turns({ role: 'assistant' })],
    ['messages.0.tool_calls.0.id', 'missing-field', turns({ role: 'assistant', tool_calls: [tool] })],
    [
      'messages.0.tool_calls.0.type',
      'unsupported-value',
      turns({ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom' }] }),
    ],
    [
      'messages.0.tool_calls.0.function.arguments',
      'missing-field',
      turns({ role: 'assistant', tool_calls: [{ id: 'c', ...tool }] }),
    ],
    ['messages.0.tool_call_id', 'missing-field', turns({ role: 'tool', content: 'x' })],
    ['messages.0.content', 'missing-field', turns({ role: 'tool', tool_call_id: 'c' })],
    ['messages', 'unsupported-value', { messages: Array.from({ length: 100_001 }, () => hello) }],
    ['messages.0.content', 'unsupported-value', user(...Array.from({ length: 10_001 }, () => text))],
    [
      'messages.0.content.0.image_url.url',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: `https://${'a'.repeat(65_536)}` } }),
    ],
    [
      'messages.0.content.0.image_url.url',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }),
    ],
    [
      'messages.0.content.0.image_url.url',
      'unsupported-value',
      user({ type: 'image_url', image_url: { url: 'data:image/png;base64,=' } }),
    ],
    [
      'messages.0.content.0.file',
      'unsupported-value',
      user({ type: 'file', file: { file_id: 'f', file_data: 'data:application/pdf;base64,JVBERi0=' } }),
    ],
    [
      'tools',
      'unsupported-value',
      { tools: Array.from({ length: 1025 }, (_, index) => ({ ...tool, function: { name: `f${index}` } })) },
    ],
    [
      'logit_bias',
      'unsupported-value',
      { logit_bias: Object.fromEntries(Array.from({ length: 4097 }, (_, id) => [id, 1])) },
    ],
    [
      'metadata',
      'unsupported-value',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, key) => [`k${key}`, 'x'])) },
    ],
    ['metadata', 'unsupported-value', { metadata: { ['k'.repeat(65)]: 'x' } }],
    ['metadata.a', 'unsupported-value', { metadata: { a: 'x'.repeat(513) } }],
    ['n', 'unsupported-value', { n: 2 }],
    ['n', 'wrong-type', { n: 1.5 }],
    ['stream', 'wrong-type', { stream: 'yes' }],
    ['stream_options', 'wrong-type', { stream_options: true }],
    ['max_tokens', 'unsupported-value', { max_tokens: 0 }],
    ['max_completion_tokens', 'wrong-type', { max_completion_tokens: 1.5 }],
    ['temperature', 'unsupported-value', { temperature: 2.1 }],
    ['temperature', 'wrong-type', { temperature: '1' }],
    ['top_p', 'unsupported-value', { top_p: -0.1 }],
    ['min_p', 'unsupported-value', { min_p: 1.1 }],
    ['top_k', 'unsupported-value', { top_k: -2 }],
    ['seed', 'wrong-type', { seed: 0.5 }],
    ['frequency_penalty', 'unsupported-value', { frequency_penalty: 2.1 }],
    ['presence_penalty', 'unsupported-value', { presence_penalty: -2.1 }],
    ['logit_bias.7', 'unsupported-value', { logit_bias: { 7: 101 } }],
    ['logit_bias', 'unsupported-value', { logit_bias: { word: 1 } }],
    ['top_logprobs', 'unsupported-value', { logprobs: true, top_logprobs: 21 }],
    ['top_logprobs', 'unsupported-value', { top_logprobs: 3 }],
    ['stop', 'unsupported-value', { stop: ['1', '2', '3', '4', '5'] }],
    ['stop.0', 'unsupported-value', { stop: [''] }],
    ['stop.1', 'wrong-type', { stop: ['a', 1] }],
    ['tools.0.type', 'unsupported-value', { tools: [{ type: 'custom', custom: { name: 'a' } }] }],
    ['tools.0.function', 'missing-field', { tools: [{ type: 'function' }] }],
    ['tools.1.function.name', 'unsupported-value', { tools: [tool, tool] }],
    [
      'tools.0.function.parameters',
      'wrong-type',
      { tools: [{ type: 'function', function: { name: 'a', parameters: [] } }] },
    ],
    [
      'tools.0.function.parameters.type',
      'unsupported-value',
      { tools: [{ type: 'function', function: { name: 'a', parameters: { type: 'string' } } }] },
    ],
    [
      'tools.0.function.parameters.type',
      'wrong-type',
      { tools: [{ type: 'function', function: { name: 'a', parameters: { type: ['array', 'null'] } } }] },
    ],
    ['tool_choice', 'unsupported-value', { tool_choice: 'required' }],
    ['tool_choice', 'unsupported-value', { tool_choice: 'any', tools: [tool] }],
    [
      'tool_choice.function.name',
      'unsupported-value',
      { tool_choice: { type: 'function', function: { name: 'b' } }, tools: [tool] },
    ],
    ['functions', 'unsupported-value', { functions: [{ name: 'a' }] }],
    ['function_call', 'unsupported-value', { function_call: 'auto' }],
    ['modalities.1', 'unsupported-value', { modalities: ['text', 'audio'] }],
    ['response_format.type', 'unsupported-value', { response_format: { type: 'xml' } }],
    ['response_format.json_schema', 'missing-field', { response_format: { type: 'json_schema' } }],
    [
      'response_format.json_schema.schema',
      'wrong-type',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: 'x' } } },
    ],
    ['reasoning_effort', 'unsupported-value', { reasoning_effort: 'extreme' }],
    ['verbosity', 'unsupported-value', { verbosity: 'mute' }],
    ['metadata.a', 'wrong-type', { metadata: { a: 1 } }],
    ['user', 'wrong-type', { user: 1 }],
  ])('%s: %s', (param, code, fields) => {
    const { message, ...rest } = fault({ model: 'm', messages: [hello], ...fields })
    expect(rest).toEqual({ param, code })
    expect(message).toMatch(new RegExp(`^${param.replaceAll('.', String.raw`\.`)}: .`))
  })

  test.each([[null], [[]], ['x'], [7], [undefined]])('a body of %j is refused as a whole', body => {
    expect(fault(body).param).toBe('')
  })
})
