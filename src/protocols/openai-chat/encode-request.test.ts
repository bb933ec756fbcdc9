import { describe, expect, test } from 'vitest'
import type { ContentBlock } from '../../core/content.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import { encodeRequest } from './encode-request.ts'

const hello: Message = { role: 'user', content: [{ type: 'text', text: 'Hello' }] }

function encode(fields: Partial<ModelRequest>, isStreaming = false) {
  const request: ModelRequest = { model: 'm', system: [], messages: [hello], ...fields }
  const { body, losses } = encodeRequest({ request, isStreaming })
  return { body, losses: losses.map(({ field, action }) => `${field} ${action}`) }
}

function encodeTurn(role: Message['role'], ...content: readonly ContentBlock[]) {
  const { body, losses } = encode({ messages: [{ role, content }, hello] })
  const { messages } = body
  return { messages: Array.isArray(messages) ? messages.slice(0, -1) : [], losses }
}

describe('a request for an upstream', () => {
  test('asks for token counts when it streams, and says nothing of streaming when it does not', () => {
    const messages = [{ role: 'user', content: 'Hello' }]
    expect(encode({}).body).toEqual({ model: 'm', messages })
    expect(encode({}, true).body).toEqual({
      model: 'm',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('is refused where the turns before it are kept by someone else', () => {
    expect(() => encode({ continuation: { type: 'continue', previousId: 'x' } })).toThrow(
      expect.objectContaining({ kind: 'invalid-request', code: 'previous-response-not-found' }),
    )
  })

  test('has one system message for a prompt in blocks', () => {
    const system = ['Be brief.', 'Be kind.'].map(text => ({ type: 'text' as const, text }))
    expect(encode({ system }).body['messages']).toEqual([
      { role: 'system', content: 'Be brief.\n\nBe kind.' },
      { role: 'user', content: 'Hello' },
    ])
  })

  test('has the results of tools first, then what they showed and what the user said', () => {
    const image: ContentBlock = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }
    const { messages, losses } = encodeTurn(
      'user',
      { type: 'tool-result', callId: 'c1', content: [{ type: 'text', text: 'seen' }, image] },
      { type: 'tool-result', callId: 'c2', content: [{ type: 'text', text: 'no such file' }], isError: true },
      { type: 'text', text: 'Well?' },
    )
    expect(messages).toEqual([
      { role: 'tool', tool_call_id: 'c1', content: 'seen' },
      { role: 'tool', tool_call_id: 'c2', content: 'Error: no such file' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Shown by tool call c1:' },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'text', text: 'Well?' },
        ],
      },
    ])
    expect(losses).toEqual(['messages.0.content.0 emulated', 'messages.0.content.1.isError degraded'])
  })

  test('a failed call without a word is still told as one', () => {
    const { messages } = encodeTurn('user', { type: 'tool-result', callId: 'c', content: [], isError: true })
    expect(messages).toEqual([{ role: 'tool', tool_call_id: 'c', content: 'Error: ' }])
  })

  test('results that stand behind other content are moved, and that is told', () => {
    const { messages, losses } = encodeTurn(
      'user',
      { type: 'text', text: 'Here.' },
      { type: 'tool-result', callId: 'c', content: [{ type: 'text', text: 'done' }] },
    )
    expect(messages).toEqual([
      { role: 'tool', tool_call_id: 'c', content: 'done' },
      { role: 'user', content: 'Here.' },
    ])
    expect(losses).toEqual(['messages.0.content.1 degraded'])
  })

  test('reasoning goes back where nobody else signed it, and hidden reasoning not at all', () => {
    const { messages, losses } = encodeTurn(
      'assistant',
      { type: 'thinking', text: 'Hm.' },
      { type: 'thinking', text: 'Signed.', signature: 'c2ln' },
      { type: 'thinking', text: 'Elsewhere.', origin: 'local' },
      { type: 'redacted-thinking', data: 'x' },
      { type: 'tool-call', id: 'c', name: 'f', input: '{"broken' },
    )
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Hm.',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"broken' } }],
      },
    ])
    expect(losses).toEqual([3, 1, 2].map(at => `messages.0.content.${at} dropped`))
  })

  test('thoughts between calls are one reasoning, a paragraph each', () => {
    const { messages } = encodeTurn('assistant', { type: 'thinking', text: 'One.' }, { type: 'thinking', text: 'Two.' })
    expect(messages).toEqual([{ role: 'assistant', content: '', reasoning_content: 'One.\n\nTwo.' }])
  })

  test('a cache mark in the form of this protocol is repeated and nothing is lost', () => {
    const fields = { prompt_cache_breakpoint: { mode: 'explicit' } }
    const { messages, losses } = encodeTurn('user', {
      type: 'text',
      text: 'x',
      cache: {},
      extras: { 'openai-chat': { fields } },
    })
    expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'x', ...fields }] }])
    expect(losses).toEqual([])
  })

  test('a document of text is written under its title', () => {
    const { messages, losses } = encodeTurn('user', {
      type: 'document',
      source: { type: 'text', text: 'Once upon a time.' },
      title: 'Tale',
      context: 'A draft.',
      citations: true,
      cache: { ttl: '1h' },
    })
    expect(messages).toEqual([{ role: 'user', content: 'Document: Tale\n\nA draft.\n\nOnce upon a time.' }])
    expect(losses).toEqual([
      'messages.0.content.0.cache dropped',
      'messages.0.content.0.citations dropped',
      'messages.0.content.0 emulated',
    ])
  })

  test('a document of bytes is a file, with a name even where it had none', () => {
    const source = { type: 'base64', mediaType: 'application/pdf', data: 'JVBERi0=' } as const
    const { messages, losses } = encodeTurn('user', { type: 'document', source, context: 'A draft.' })
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'A draft.' },
          { type: 'file', file: { filename: 'document', file_data: 'data:application/pdf;base64,JVBERi0=' } },
        ],
      },
    ])
    expect(losses).toEqual(['messages.0.content.0.context emulated'])
  })

  test.each<[what: string, role: Message['role'], block: ContentBlock, losses: readonly string[]]>([
    [
      'a block of another protocol',
      'user',
      { type: 'opaque', protocol: 'anthropic-messages', value: {} },
      ['messages.0.content.0 dropped'],
    ],
    [
      'an image by file id',
      'user',
      { type: 'image', source: { type: 'file', fileId: 'f' } },
      ['messages.0.content.0 dropped'],
    ],
    [
      'an image that a model made',
      'assistant',
      { type: 'image', source: { type: 'url', url: 'https://a' } },
      ['messages.0.content.0 dropped'],
    ],
    [
      'a document by address',
      'user',
      { type: 'document', source: { type: 'url', url: 'https://a' } },
      ['messages.0.content.0 degraded'],
    ],
    [
      'a search result',
      'user',
      { type: 'search-result', source: 's', title: 't', content: [] },
      ['messages.0.content.0 emulated'],
    ],
    ['a cache mark', 'user', { type: 'text', text: 'x', cache: {} }, ['messages.0.content.0.cache dropped']],
  ])('%s is reported', (_, ...[role, block, losses]) => {
    expect(encodeTurn(role, block).losses).toEqual(losses)
  })

  test.each<[fields: Partial<ModelRequest>, body: object, losses: readonly string[]]>([
    [{ sampling: { topK: 5, minP: 0.1 } }, {}, ['sampling.topK dropped', 'sampling.minP dropped']],
    [{ stopSequences: ['1', '2', '3', '4', '5'] }, { stop: ['1', '2', '3', '4'] }, ['stopSequences degraded']],
    [{ maxTokens: 0 }, { max_completion_tokens: 1 }, ['maxTokens degraded']],
    [{ thinking: { mode: 'disabled' } }, { reasoning_effort: 'none' }, []],
    [{ thinking: { mode: 'adaptive' } }, {}, []],
    [{ thinking: { mode: 'between-tools' } }, {}, ['thinking.mode dropped']],
    [
      { thinking: { mode: 'enabled', budgetTokens: 2048 } },
      { reasoning_effort: 'low' },
      ['thinking.budgetTokens degraded'],
    ],
    [
      { thinking: { mode: 'enabled', budgetTokens: 8192 } },
      { reasoning_effort: 'medium' },
      ['thinking.budgetTokens degraded'],
    ],
    [
      { thinking: { mode: 'enabled', budgetTokens: 8193 } },
      { reasoning_effort: 'high' },
      ['thinking.budgetTokens degraded'],
    ],
    [{ effort: 'max' }, { reasoning_effort: 'max' }, []],
    [{ metadata: { a: 1 } }, {}, ['metadata dropped']],
    [{ continuation: { type: 'create' } }, {}, []],
    [{ topLogprobs: 0 }, { logprobs: true }, []],
    [{ topLogprobs: 2 }, { logprobs: true, top_logprobs: 2 }, []],
    [
      { responseFormat: { type: 'json-schema', schema: {} } },
      { response_format: { type: 'json_schema', json_schema: { name: 'output', schema: {} } } },
      [],
    ],
    [{ messages: [hello, { role: 'assistant', content: [{ type: 'text', text: 'I' }] }] }, {}, ['messages.1 degraded']],
    [{ toolChoice: { type: 'auto', isParallel: false } }, {}, []],
    [
      { tools: [{ name: 'f', inputSchema: {}, cache: {} }] },
      { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] },
      ['tools.0.cache dropped'],
    ],
    [{ extras: { 'anthropic-messages': { container: 'x' } } }, {}, []],
  ])('%j is written as %j', (fields, body, losses) => {
    const encoded = encode(fields)
    const { model: _model, messages: _messages, ...rest } = encoded.body
    expect(rest).toEqual(body)
    expect(encoded.losses).toEqual(losses)
  })
})
