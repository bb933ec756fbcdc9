import { expect, test } from 'vitest'
import type { ContentBlock, ToolResultContent } from '../core/content.ts'
import type { Message, ModelRequest } from '../core/request.ts'
import { findLosses, toChatPrompt } from './chat-prompt.ts'
import { signThinking } from './signature.ts'

const text = (words: string): ContentBlock => ({ type: 'text', text: words })
const user = (...words: string[]): Message => ({ role: 'user', content: words.map(text) })
const assistant = (...words: string[]): Message => ({ role: 'assistant', content: words.map(text) })
const request = (...messages: Message[]): ModelRequest => ({ model: 'm', system: [], messages })

test('system blocks become one message at the front', () => {
  const system = [
    { type: 'text', text: 'one' },
    { type: 'text', text: 'two' },
  ] as const
  expect(toChatPrompt({ ...request(user('hi')), system }).messages).toEqual([
    { role: 'system', content: 'one\n\ntwo' },
    { role: 'user', content: 'hi' },
  ])
})

test('a string and one text block are the same conversation', () => {
  expect(toChatPrompt(request(user('hi')))).toEqual(toChatPrompt(request({ role: 'user', content: [text('hi')] })))
})

test('turns of one role that follow each other become one', () => {
  expect(toChatPrompt(request(user('a'), user('b'), assistant('c'), assistant('d'), user('e'))).messages).toEqual([
    { role: 'user', content: 'a\n\nb' },
    { role: 'assistant', content: 'cd' },
    { role: 'user', content: 'e' },
  ])
})

test('an assistant turn at the end is the beginning of the answer', () => {
  expect(toChatPrompt(request(user('count'), assistant('one, ')))).toEqual({
    messages: [{ role: 'user', content: 'count' }],
    prefill: 'one, ',
  })
})

test('a system turn in mid-conversation stays in its place', () => {
  const roles = toChatPrompt(
    request(user('a'), assistant('b'), user('c'), { role: 'system', content: [text('s')] }),
  ).messages.map(({ role }) => role)
  expect(roles).toEqual(['user', 'assistant', 'user', 'system'])
})

test('tool results come before what the user adds, each with the name of its tool', () => {
  const call: ContentBlock = { type: 'tool-call', id: 't1', name: 'look', input: '{"at":1}' }
  const result: ContentBlock = {
    type: 'tool-result',
    callId: 't1',
    content: [{ type: 'text', text: 'no' }],
    isError: true,
  }
  const { messages } = toChatPrompt(
    request(
      user('a'),
      { role: 'assistant', content: [text('let me'), call] },
      { role: 'user', content: [result, text('so?')] },
    ),
  )
  expect(messages).toEqual([
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'let me', toolCalls: [{ id: 't1', name: 'look', input: '{"at":1}' }] },
    { role: 'tool', content: 'Error: no', callId: 't1', name: 'look' },
    { role: 'user', content: 'so?' },
  ])
})

test('documents and search results are shown as text, with their titles', () => {
  const blocks: ContentBlock[] = [
    { type: 'document', source: { type: 'text', text: 'body' }, title: 'Plan', context: 'a draft' },
    { type: 'search-result', source: 'https://x', title: 'Found', content: [{ type: 'text', text: 'words' }] },
  ]
  const [message] = toChatPrompt(request({ role: 'user', content: blocks })).messages
  for (const part of ['Plan', 'a draft', 'body', 'Found', 'https://x', 'words'])
    expect(message?.content).toContain(part)
})

test('reasoning of other models is left out', () => {
  const thinking: ContentBlock = { type: 'thinking', text: 'secret', signature: 's' }
  const { messages } = toChatPrompt(
    request(user('a'), { role: 'assistant', content: [thinking, text('b')] }, user('c')),
  )
  expect(JSON.stringify(messages)).not.toContain('secret')
})

const unseeable: [string, ToolResultContent][] = [
  ['an image', { type: 'image', source: { type: 'url', url: 'https://x/y.png' } }],
  ['a PDF', { type: 'document', source: { type: 'base64', mediaType: 'application/pdf', data: '' } }],
  ['a file', { type: 'document', source: { type: 'file', fileId: 'file_1' } }],
  ['a foreign block', { type: 'opaque', protocol: 'openai-chat', value: { type: 'input_audio' } }],
]
test.each(unseeable)('%s is refused rather than dropped', (_, block) => {
  expect(() => toChatPrompt(request({ role: 'user', content: [block] }))).toThrow(/cannot show to a model/)
})

test.each(unseeable)('%s that a tool gave is told in words, and as a loss', (_, block) => {
  const result: ContentBlock = { type: 'tool-result', callId: 't', content: [{ type: 'text', text: 'Done.' }, block] }
  const asked = request(user('a'), { role: 'user', content: [result] })
  expect(toChatPrompt(asked).messages.at(-1)?.content).toMatch(/^Done\.\n\n\[a.* that this model cannot see\]$/)
  expect(findLosses(asked)).toMatchObject([{ field: 'messages.1.content.0.content.1', action: 'degraded' }])
})

test('images in a document that a tool gave leave its words', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://x/y.png' } } as const
  const document = {
    type: 'document',
    source: { type: 'blocks', blocks: [{ type: 'text', text: 'b' }, image] },
  } as const
  const result: ContentBlock = { type: 'tool-result', callId: 't', content: [document] }
  expect(toChatPrompt(request({ role: 'user', content: [result] })).messages[0]?.content).toBe(
    'b\n\n[an image that this model cannot see]',
  )
})

test('a foreign block is refused by its type', () => {
  const block: ContentBlock = { type: 'opaque', protocol: 'openai-chat', value: { type: 'input_audio' } }
  expect(() => toChatPrompt(request({ role: 'user', content: [block] }))).toThrow(/a block of type "input_audio"/)
})

test('an answer that the client has begun is not held to a shape, and that is said', () => {
  const losses = findLosses({ ...request(user('a'), assistant('{')), responseFormat: { type: 'json-object' } })
  expect(losses).toMatchObject([{ field: 'responseFormat', action: 'degraded' }])
  expect(findLosses({ ...request(user('a')), responseFormat: { type: 'json-object' } })).toEqual([])
})

test.each([
  ['openai-responses', { type: 'web_search_call', id: 'ws_1' }],
  ['anthropic-messages', { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }],
] as const)('what tools did and would do at servers of %s is left out, and that is said', (protocol, value) => {
  const block: ContentBlock = { type: 'opaque', protocol, value }
  const asked = {
    ...request(
      user('a'),
      { role: 'assistant', content: [block, text('b')] },
      { role: 'assistant', content: [block] },
      user('c'),
    ),
    opaqueTools: [{ protocol, value: { type: 'web_search' } }],
  }
  expect(toChatPrompt(asked).messages.map(({ content }) => content)).toEqual(['a', 'b', 'c'])
  expect(findLosses(asked).map(({ field }) => field)).toEqual([
    'tools.web_search',
    'messages.1.content.0',
    'messages.2.content.0',
  ])
})

test('tools are shown unless none may be called', () => {
  const tools = [{ name: 't', description: 'd', inputSchema: { type: 'object' }, isStrict: true }]
  expect(toChatPrompt({ ...request(user('a')), tools })).toMatchObject({ tools })
  expect(toChatPrompt({ ...request(user('a')), tools, toolChoice: { type: 'none' } })).not.toHaveProperty('tools')
  expect(toChatPrompt({ ...request(user('a')), tools: [] })).not.toHaveProperty('tools')
})

test.each([
  [{}, {}],
  [{ thinking: { mode: 'enabled' } }, { thinking: true }],
  [
    { thinking: { mode: 'adaptive' }, effort: 'max' },
    { thinking: true, effort: 'high' },
  ],
  [{ effort: 'minimal' }, { thinking: true, effort: 'low' }],
  [{ effort: 'none' }, { thinking: false }],
  [{ thinking: { mode: 'disabled' }, effort: 'high' }, { thinking: false }],
] as const)('a request for %j makes a prompt with %j', (asked, expected) => {
  const { thinking, effort } = toChatPrompt({ ...request(user('a')), ...asked })
  expect({ ...(thinking !== undefined && { thinking }), ...(effort && { effort }) }).toEqual(expected)
})

test('reasoning that was made here goes with its turn', () => {
  const thinking: ContentBlock = { type: 'thinking', text: 'Hm.', signature: signThinking('Hm.') }
  const call: ContentBlock = { type: 'tool-call', id: 't1', name: 'look', input: '{}' }
  const { messages } = toChatPrompt(request(user('a'), { role: 'assistant', content: [thinking, call] }, user('b')))
  expect(messages[1]).toMatchObject({ role: 'assistant', thinking: 'Hm.' })
})

test('what only the words of a protocol ask for is told as lost', () => {
  const extras = {
    'anthropic-messages': { mcp_servers: [{ name: 'n' }], container: 'c', betas: ['b'], service_tier: 'auto' },
    'openai-chat': { store: false, prediction: { type: 'content', content: '' }, modalities: ['text'] },
  }
  expect(findLosses({ ...request(user('a')), extras })).toMatchObject([
    { field: 'mcp_servers', action: 'dropped', why: 'only anthropic-messages has this field' },
    { field: 'container' },
    { field: 'prediction', why: 'only openai-chat has this field' },
  ])
})
