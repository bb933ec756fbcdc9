import { describe, expect, test } from 'vitest'
import type { ContentBlock, TextBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import type { Compat } from '../protocol.ts'
import { sealReasoning } from '../reasoning-seal.ts'
import { encodeRequest } from './encode-request.ts'

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'Hello' }] }

function encode(rest: Partial<ModelRequest>, compat?: Compat) {
  const request: ModelRequest = { model: 'm', system: [], messages: [hello], ...rest }
  return encodeRequest({ request, isStreaming: false }, compat)
}

function input(...messages: readonly Message[]) {
  const { body, losses } = encode({ messages })
  return { items: body['input'], lost: losses.map(({ field, action }) => `${field} ${action}`) }
}

const user = (...content: readonly ContentBlock[]): Message => ({ role: 'user', content })
const assistant = (...content: readonly ContentBlock[]): Message => ({ role: 'assistant', content })
const text = (text: string): TextBlock => ({ type: 'text', text })

test('the smallest request keeps nothing at the upstream', () => {
  expect(encode({})).toEqual({
    body: { model: 'm', store: false, input: [{ type: 'message', role: 'user', content: 'Hello' }] },
    headers: {},
    losses: [],
  })
})

describe('what the model is told', () => {
  test('the system prompt is instructions, and a later system turn stays in place', () => {
    const { body } = encode({
      system: [text('A'), text('B')],
      messages: [hello, { role: 'system', content: [text('C')] }],
    })
    expect(body).toMatchObject({ instructions: 'A\n\nB', input: [{ role: 'user' }, { role: 'system', content: 'C' }] })
  })

  test('images and files are parts, by address, by bytes or by id', () => {
    const bytes = { type: 'base64', mediaType: 'image/png', data: 'AAAA' } as const
    const pdf = { type: 'base64', mediaType: 'application/pdf', data: 'BBBB' } as const
    const { items, lost } = input(
      user(
        text('See'),
        { type: 'image', source: bytes, detail: 'low' },
        { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
        { type: 'image', source: { type: 'file', fileId: 'file_1' } },
        { type: 'document', source: pdf, title: 'a.pdf' },
        { type: 'document', source: { type: 'url', url: 'https://x.example/a.pdf' }, context: 'From Ada.' },
        { type: 'document', source: { type: 'file', fileId: 'file_2' } },
      ),
    )
    expect(items).toMatchObject([
      {
        content: [
          { type: 'input_text', text: 'See' },
          { type: 'input_image', detail: 'low', image_url: 'data:image/png;base64,AAAA' },
          { type: 'input_image', detail: 'auto', image_url: 'https://x.example/a.png' },
          { type: 'input_image', detail: 'auto', file_id: 'file_1' },
          { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
          { type: 'input_text', text: 'From Ada.' },
          { type: 'input_file', file_url: 'https://x.example/a.pdf' },
          { type: 'input_file', file_id: 'file_2' },
        ],
      },
    ])
    expect(lost).toEqual(['messages.0.content.5.context emulated'])
  })

  test('text documents and search results are written as text under their titles', () => {
    const { items, lost } = input(
      user(
        { type: 'document', source: { type: 'text', text: 'Body' }, title: 'T', citations: true },
        { type: 'document', source: { type: 'blocks', blocks: [text('Inner')] } },
        { type: 'search-result', source: 's', title: 'Found', content: [text('X')] },
      ),
    )
    expect(items).toMatchObject([
      {
        content: [
          { text: 'Document: T\n\nBody' },
          { text: 'Document: untitled' },
          { text: 'Inner' },
          { text: 'Search result: Found (s)\n\nX' },
        ],
      },
    ])
    expect(lost).toEqual([
      'messages.0.content.0.citations dropped',
      'messages.0.content.0 emulated',
      'messages.0.content.1 emulated',
      'messages.0.content.2 emulated',
    ])
  })
})

describe('calls and their results', () => {
  test('are items of their own, in their order, with their ids as they were', () => {
    const { items } = input(
      assistant(text('Look.'), { type: 'tool-call', id: 'toolu_1', name: 'f', input: '' }),
      user({ type: 'tool-result', callId: 'toolu_1', content: [text('42')] }, text('And?')),
    )
    expect(items).toEqual([
      { type: 'message', role: 'assistant', content: 'Look.' },
      { type: 'function_call', call_id: 'toolu_1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'toolu_1', output: '42' },
      { type: 'message', role: 'user', content: 'And?' },
    ])
  })

  test('a result shows its images in place', () => {
    const image: ContentBlock = { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } }
    const { items, lost } = input(user({ type: 'tool-result', callId: 'c', content: [text('a'), image] }))
    expect(items).toMatchObject([{ output: [{ type: 'input_text' }, { type: 'input_image' }] }])
    expect(lost).toEqual([])
  })

  test.each<[what: string, content: readonly TextBlock[], output: unknown]>([
    ['text', [text('no such file')], 'Error: no such file'],
    ['nothing', [], 'Error: '],
  ])('a failed call says so in its text: %s', (_, content, output) => {
    const { items, lost } = input(user({ type: 'tool-result', callId: 'c', content, isError: true }))
    expect(items).toMatchObject([{ output }])
    expect(lost).toEqual(['messages.0.content.0.isError degraded'])
  })
})

describe('reasoning', () => {
  const signature = sealReasoning('openai-responses', { id: 'rs_1', data: 'gAAA.B' })
  const call: ContentBlock = { type: 'tool-call', id: 'c', name: 'f', input: '{}' }

  test('goes back to its maker as it came', () => {
    const { items, lost } = input(assistant({ type: 'thinking', text: 'Hm.', signature }, call), hello)
    expect(items).toMatchObject([
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        encrypted_content: 'gAAA.B',
      },
      { type: 'function_call' },
      {},
    ])
    expect(lost).toEqual([])
  })

  test('that is plain goes back as its text', () => {
    const plain = sealReasoning('openai-responses', { id: 'rs_1', data: '' })
    const { items } = input(assistant({ type: 'thinking', text: 'Hm.', signature: plain }, call), hello)
    expect(items).toMatchObject([
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] },
      {},
      {},
    ])
  })

  test.each<[what: string, block: ContentBlock]>([
    ['has no signature', { type: 'thinking', text: 'Hm.' }],
    ['is signed by another maker', { type: 'thinking', text: 'Hm.', signature: 'EqRk' }],
    ['is of another origin', { type: 'thinking', text: 'Hm.', signature, origin: 'local' }],
    ['is hidden', { type: 'redacted-thinking', data: 'x' }],
    ['is another protocol’s own block', { type: 'opaque', protocol: 'anthropic-messages', value: {} }],
  ])('is left out where it %s', (_, block) => {
    const { items, lost } = input(assistant(block, call), hello)
    expect(items).toMatchObject([{ type: 'function_call' }, {}])
    expect(lost).toEqual(['messages.0.content.0 dropped'])
  })

  test('that nothing came of is left out, as the API would refuse it', () => {
    const { items, lost } = input(assistant(text('Hi'), { type: 'thinking', text: 'Hm.', signature }), hello)
    expect(items).toHaveLength(2)
    expect(lost).toEqual(['messages.0.content.1 dropped'])
  })

  test.each<[asked: Partial<ModelRequest>, reasoning: unknown]>([
    [{ thinking: { mode: 'enabled', budgetTokens: 1024 } }, { effort: 'low', summary: 'auto' }],
    [{ thinking: { mode: 'enabled', budgetTokens: 8000 } }, { effort: 'medium', summary: 'auto' }],
    [{ thinking: { mode: 'enabled', budgetTokens: 9000 } }, { effort: 'high', summary: 'auto' }],
    [{ thinking: { mode: 'adaptive', display: 'omitted' }, effort: 'max' }, { effort: 'max' }],
    [{ thinking: { mode: 'disabled' }, effort: 'high' }, { effort: 'none' }],
    [{ effort: 'minimal' }, { effort: 'minimal' }],
    [{ extras: { 'openai-responses': { reasoning: { summary: 'detailed' } } } }, { summary: 'detailed' }],
  ])('is asked for as %j', (asked, reasoning) => {
    expect(encode(asked).body['reasoning']).toEqual(reasoning)
  })

  test('can be read again by its maker, though nothing is stored, unless there is none', () => {
    expect(encode({ effort: 'low' }).body['include']).toEqual(['reasoning.encrypted_content'])
    expect(encode({ effort: 'none' }).body['include']).toBeUndefined()
    expect(encode({ effort: 'low', extras: { 'openai-responses': { store: true } } }).body).toMatchObject({
      store: true,
    })
  })
})

describe('what may be answered', () => {
  test('a function is strict only where the client wants it', () => {
    const tools = [
      { name: 'f', inputSchema: {} },
      { name: 'g', description: 'G', inputSchema: { type: 'object' }, isStrict: true },
    ]
    expect(encode({ tools }).body['tools']).toEqual([
      { type: 'function', name: 'f', parameters: {}, strict: false },
      { type: 'function', name: 'g', description: 'G', parameters: { type: 'object' }, strict: true },
    ])
  })

  test('a tool that only this protocol knows is written as it came', () => {
    const own: JsonObject = { type: 'web_search', search_context_size: 'low' }
    const tools = [{ name: 'web_search', inputSchema: {}, extras: { 'openai-responses': own } }]
    expect(encode({ tools }).body['tools']).toEqual([own])
  })

  test.each([
    [{ type: 'auto' }, 'auto'],
    [{ type: 'none' }, 'none'],
    [{ type: 'any' }, 'required'],
    [
      { type: 'tool', name: 'f' },
      { type: 'function', name: 'f' },
    ],
  ] as const)('the tool choice %j is %j', (toolChoice, wire) => {
    const { body } = encode({
      tools: [{ name: 'f', inputSchema: {} }],
      toolChoice: { ...toolChoice, isParallel: false },
    })
    expect(body).toMatchObject({ tool_choice: wire, parallel_tool_calls: false })
  })

  test('a schema is a format of the text, beside what is kept of it', () => {
    const { body } = encode({
      responseFormat: { type: 'json-schema', schema: { type: 'object' } },
      extras: { 'openai-responses': { text: { verbosity: 'low' } } },
    })
    expect(body['text']).toEqual({
      verbosity: 'low',
      format: { type: 'json_schema', name: 'output', schema: { type: 'object' }, strict: false },
    })
    expect(encode({ responseFormat: { type: 'json-object' } }).body['text']).toEqual({
      format: { type: 'json_object' },
    })
  })

  test('log-probabilities are included by name', () => {
    expect(encode({ topLogprobs: 2 }).body).toMatchObject({
      top_logprobs: 2,
      include: ['message.output_text.logprobs'],
    })
    expect(encode({ topLogprobs: 0 }).body['top_logprobs']).toBeUndefined()
  })
})

describe('what cannot be said', () => {
  test.each<[asked: Partial<ModelRequest>, lost: string, sent: JsonObject]>([
    [{ stopSequences: ['END'] }, 'stopSequences dropped', {}],
    [{ sampling: { topK: 3 } }, 'sampling.topK dropped', {}],
    [{ sampling: { logitBias: { 1: 2 } } }, 'sampling.logitBias dropped', {}],
    [{ maxTokens: 0 }, 'maxTokens degraded', { max_output_tokens: 16 }],
    [{ cache: {} }, 'cache dropped', {}],
    [{ metadata: { a: 1 } }, 'metadata dropped', {}],
    [{ userId: 'u'.repeat(80) }, 'userId degraded', { user: 'u'.repeat(64) }],
    [{ cacheKey: 'k'.repeat(65) }, 'cacheKey degraded', { prompt_cache_key: 'k'.repeat(64) }],
    [{ thinking: { mode: 'between-tools' } }, 'thinking.mode dropped', {}],
    [{ messages: [hello, assistant(text('So'))] }, 'messages.1 degraded', {}],
    [{ system: [{ ...text('A'), cache: {} }] }, 'system.0.cache dropped', { instructions: 'A' }],
    [{ tools: [{ name: 'f', inputSchema: {}, cache: {} }] }, 'tools.0.cache dropped', {}],
  ])('%j is told as a loss', (asked, lost, sent) => {
    const { body, losses } = encode(asked)
    expect(losses.map(({ field, action }) => `${field} ${action}`)).toEqual([lost])
    expect(body).toMatchObject(sent)
  })

  test('an earlier answer is named where its id can be known there, and refused otherwise', () => {
    const previousId = 'resp_1'
    expect(encode({ continuation: { type: 'continue', previousId } }).body['previous_response_id']).toBe(previousId)
    expect(() => encode({ continuation: { type: 'continue', previousId: 'msg_1' } })).toThrow(
      expect.objectContaining({ kind: 'invalid-request', code: 'previous-response-not-found' }),
    )
  })
})

describe('an upstream that differs', () => {
  test('is not sent the fields that it refuses, and only what was asked for is a loss', () => {
    const omittedFields = ['store', 'include', 'temperature', 'top_p']
    const { body, losses } = encode({ effort: 'low', sampling: { temperature: 0 } }, { omittedFields })
    expect(Object.keys(body).sort()).toEqual(['input', 'model', 'reasoning'])
    expect(losses).toMatchObject([{ field: 'sampling.temperature', action: 'dropped' }])
  })

  test('that cannot store is told of as a loss where the client wanted that', () => {
    const { losses } = encode({ extras: { 'openai-responses': { store: true } } }, { omittedFields: ['store'] })
    expect(losses).toMatchObject([{ field: 'store', action: 'dropped' }])
  })

  test('that takes only words is offered the one tool that was chosen', () => {
    const tools = ['f', 'g'].map(name => ({ name, inputSchema: {} }))
    const { body, losses } = encode({ tools, toolChoice: { type: 'tool', name: 'g' } }, { toolChoice: 'words' })
    expect(body).toMatchObject({ tools: [{ name: 'g' }], tool_choice: 'required' })
    expect(losses).toMatchObject([{ field: 'toolChoice', action: 'emulated' }])
  })
})
