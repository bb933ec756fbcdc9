import { expect, test } from 'vitest'
import type { ModelError } from '../../core/errors.ts'
import type { ModelRequest } from '../../core/request.ts'
import type { RequestHeaders } from '../protocol.ts'
import { anthropicMessages } from './index.ts'

const { server } = anthropicMessages
const hello = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
const strict = { 'anthropic-version': '2026-10-21' }

function read(fields: object, headers: RequestHeaders = {}): ModelRequest {
  return server.decodeRequest({ ...hello, ...fields }, headers).request
}

function refusal(fields: object, headers: RequestHeaders = {}): ModelError {
  try {
    server.decodeRequest({ ...hello, ...fields }, headers)
  } catch (error) {
    return error as ModelError
  }
  throw new Error('the request was accepted')
}

const user = (...content: object[]): object => ({ messages: [{ role: 'user', content }] })
const assistant = (...content: object[]): object => ({ messages: [{ role: 'assistant', content }] })
const tool = { name: 'pick', input_schema: { type: 'object' } }
const png = { type: 'base64', media_type: 'image/png', data: 'AAAA' }

test.each<[string, object, (string | number)[]]>([
  ['no max_tokens', { max_tokens: undefined }, ['max_tokens']],
  ['max_tokens below zero', { max_tokens: -1 }, ['max_tokens']],
  ['max_tokens of a fraction', { max_tokens: 1.5 }, ['max_tokens']],
  ['max_tokens as text', { max_tokens: '9' }, ['max_tokens']],
  ['max_tokens beyond reason', { max_tokens: 1e300 }, ['max_tokens']],
  ['no model', { model: undefined }, ['model']],
  ['an empty model', { model: '' }, ['model']],
  ['no messages', { messages: undefined }, ['messages']],
  ['no message', { messages: [] }, ['messages']],
  ['too many messages', { messages: Array.from({ length: 100_001 }).fill(hello.messages[0]) }, ['messages']],
  ['a message that is null', { messages: [null] }, ['messages', 0]],
  ['an unknown role', { messages: [{ role: 'tool', content: '' }] }, ['messages', 0, 'role']],
  ['no content', { messages: [{ role: 'user' }] }, ['messages', 0, 'content']],
  ['a number for content', { messages: [{ role: 'user', content: 7 }] }, ['messages', 0, 'content']],
  ['an unknown block', user({ type: 'text', text: '' }, { type: 'hologram' }), ['messages', 0, 'content', 1]],
  ['a block named like a method', user({ type: 'constructor' }), ['messages', 0, 'content', 0]],
  ['a block without a type', user({ text: '' }), ['messages', 0, 'content', 0, 'type']],
  ['text without text', user({ type: 'text' }), ['messages', 0, 'content', 0, 'text']],
  [
    'a strange image',
    user({ type: 'image', source: { ...png, media_type: 'image/bmp' } }),
    ['messages', 0, 'content', 0, 'source', 'media_type'],
  ],
  ['an image from nowhere', user({ type: 'image' }), ['messages', 0, 'content', 0, 'source']],
  ['a call in a user turn', user({ type: 'tool_use', id: 'a', name: 'b', input: {} }), ['messages', 0, 'content', 0]],
  ['a call without input', assistant({ type: 'tool_use', id: 'a', name: 'b' }), ['messages', 0, 'content', 0, 'input']],
  [
    'a call with text for input',
    assistant({ type: 'tool_use', id: 'a', name: 'b', input: '{}' }),
    ['messages', 0, 'content', 0, 'input'],
  ],
  ['a call without an id', assistant({ type: 'tool_use', name: 'b', input: {} }), ['messages', 0, 'content', 0, 'id']],
  [
    'a result in an assistant turn',
    assistant({ type: 'tool_result', tool_use_id: 'a' }),
    ['messages', 0, 'content', 0],
  ],
  ['a result of no call', user({ type: 'tool_result' }), ['messages', 0, 'content', 0, 'tool_use_id']],
  [
    'an unknown block in a result',
    user({ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'tool_use' }] }),
    ['messages', 0, 'content', 0, 'content', 0],
  ],
  ['reasoning in a user turn', user({ type: 'thinking', thinking: '', signature: '' }), ['messages', 0, 'content', 0]],
  [
    'an unknown cache',
    user({ type: 'text', text: '', cache_control: { type: 'forever' } }),
    ['messages', 0, 'content', 0, 'cache_control', 'type'],
  ],
  [
    'an unknown time to live',
    user({ type: 'text', text: '', cache_control: { type: 'ephemeral', ttl: '2h' } }),
    ['messages', 0, 'content', 0, 'cache_control', 'ttl'],
  ],
  ['an image in the system prompt', { system: [{ type: 'image', source: png }] }, ['system', 0]],
  ['a hot temperature', { temperature: 1.1 }, ['temperature']],
  ['a negative top_p', { top_p: -0.1 }, ['top_p']],
  ['a fraction of top_k', { top_k: 0.5 }, ['top_k']],
  ['a stop sequence of spaces', { stop_sequences: ['a', ' \n'] }, ['stop_sequences', 1]],
  ['stop sequences as text', { stop_sequences: 'a' }, ['stop_sequences']],
  ['stream as text', { stream: 'true' }, ['stream']],
  [
    'little thinking',
    { max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 1023 } },
    ['thinking', 'budget_tokens'],
  ],
  [
    'more thinking than answer',
    { max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 2000 } },
    ['thinking', 'budget_tokens'],
  ],
  ['thinking without a budget', { thinking: { type: 'enabled' } }, ['thinking', 'budget_tokens']],
  ['an unknown way of thinking', { thinking: { type: 'deep' } }, ['thinking', 'type']],
  ['a tool of no name', { tools: [{ ...tool, name: '' }] }, ['tools', 0, 'name']],
  ['a tool of a long name', { tools: [{ ...tool, name: 'a'.repeat(129) }] }, ['tools', 0, 'name']],
  ['a tool of a strange name', { tools: [{ ...tool, name: 'a b' }] }, ['tools', 0, 'name']],
  ['two tools of one name', { tools: [tool, tool] }, ['tools', 1, 'name']],
  ['a tool without a schema', { tools: [{ name: 'a' }] }, ['tools', 0, 'input_schema']],
  [
    'a schema of no object',
    { tools: [{ name: 'a', input_schema: { type: 'string' } }] },
    ['tools', 0, 'input_schema', 'type'],
  ],
  ['a tool of an unknown version', { tools: [{ type: 'bash_20991231', name: 'bash' }] }, ['tools', 0, 'type']],
  [
    'the choice of a tool that servers run',
    { tools: [{ type: 'web_search_20250305', name: 'web' }], tool_choice: { type: 'tool', name: 'web' } },
    ['tool_choice', 'name'],
  ],
  ['a choice among no tools', { tool_choice: { type: 'any' } }, ['tool_choice']],
  [
    'the choice of a tool that is not there',
    { tools: [tool], tool_choice: { type: 'tool', name: 'x' } },
    ['tool_choice', 'name'],
  ],
  ['an unknown choice', { tools: [tool], tool_choice: { type: 'some' } }, ['tool_choice', 'type']],
  ['an unknown format', { output_config: { format: { type: 'yaml' } } }, ['output_config', 'format', 'type']],
  ['a format without a schema', { output_format: { type: 'json_schema' } }, ['output_format', 'schema']],
])('a request with %s is refused with its path', (_, fields, path) => {
  const error = refusal(fields)
  expect(error).toMatchObject({ kind: 'invalid-request', field: path })
  expect(error.message.startsWith(`${path.join('.')}: `)).toBe(true)
})

test('a missing field is named in the words that clients know', () => {
  expect(refusal({ max_tokens: undefined }).message).toBe('max_tokens: Field required')
  expect(refusal({ max_tokens: undefined }).code).toBe('missing-field')
})

test.each([undefined, null, 'x', 7, []])('a body that is %j is refused', body => {
  expect(() => server.decodeRequest(body, {})).toThrow('the request body')
})

test('an unknown word is shown to the client, shortened', () => {
  const { message } = refusal(user({ type: 'x'.repeat(5000) }))
  expect(message).toContain('xxx')
  expect(message.length).toBeLessThan(700)
})

test('arguments that are nested too deeply to be written again are refused, not fatal', () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  const block = { type: 'tool_use', id: 'a', name: 'b', input: deep }
  expect(refusal(assistant(block)).field).toEqual(['messages', 0, 'content', 0, 'input'])
})

test('a breakpoint of the whole request is one at the end of the prompt', () => {
  expect(read({ cache_control: { type: 'ephemeral', ttl: '1h' } }).cache).toEqual({ ttl: '1h' })
  expect(refusal({ cache_control: { type: 'forever' } }).field).toEqual(['cache_control', 'type'])
})

test('max_tokens of zero asks only for the prompt to be read', () => {
  expect(read({ max_tokens: 0 }).maxTokens).toBe(0)
})

test.each(['temperature', 'top_p', 'top_k'])('%s is accepted by the old version and refused by the new one', field => {
  expect(read({ [field]: 1 }).sampling).toBeDefined()
  expect(refusal({ [field]: 1 }, strict).field).toEqual([field])
})

test('a document of the assistant is accepted by the old version and refused by the new one', () => {
  const body = assistant({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a' } })
  expect(read(body).messages[0]?.content[0]?.type).toBe('document')
  expect(refusal(body, strict).field).toEqual(['messages', 0, 'content', 0])
})

test.each([
  ['a user turn', user({ type: 'text', text: '', citations: [{}] }), ['messages', 0, 'content', 0, 'citations']],
  [
    'a search result',
    user({ type: 'search_result', source: '', title: '', content: [{ type: 'text', text: '', citations: [{}] }] }),
    ['messages', 0, 'content', 0, 'content', 0, 'citations'],
  ],
])('citations in %s are accepted by the old version and refused by the new one', (_, body, path) => {
  expect(read(body).messages).toHaveLength(1)
  expect(refusal(body, strict).field).toEqual(path)
})

test('the new version accepts no citations, and those of the assistant', () => {
  expect(read(user({ type: 'text', text: '', citations: [] }), strict).messages).toHaveLength(1)
  expect(read(assistant({ type: 'text', text: '', citations: [{}] }), strict).messages).toHaveLength(1)
})

test.each([
  [undefined, false],
  ['2023-01-01', false],
  ['2023-06-01', false],
  ['2026-10-20', false],
  ['2026-10-21', true],
  ['2030-01-01', true],
  ['latest', false],
])('version %s has the rules of the newest that is known and not later', (version, isStrict) => {
  const headers = { 'anthropic-version': version }
  const ask = (): ModelRequest => read({ temperature: 1 }, headers)
  if (isStrict) expect(ask).toThrow('temperature')
  else expect(ask().sampling).toEqual({ temperature: 1 })
})

test('a thread is refused with the code that the official tool runner goes on from, before any other fault', () => {
  const error = refusal({ thread: { type: 'create' }, messages: [] })
  expect(error).toMatchObject({ kind: 'invalid-request', code: 'unsupported-thread', field: ['thread'] })
  expect(read({ thread: null }, { 'anthropic-beta': 'message-threads-2026-08-12' }).messages).toHaveLength(1)
})

test('fields that nobody declared are kept for this protocol', () => {
  const request = read({ safeguards: { a: 1 }, container: 'c' }, { 'anthropic-beta': 'a-1, b-2,' })
  expect(request.extras).toEqual({
    'anthropic-messages': { safeguards: { a: 1 }, container: 'c', betas: ['a-1', 'b-2'] },
  })
})

test('a field named __proto__ is kept like any other and changes nothing', () => {
  const body: object = JSON.parse('{"__proto__":{"polluted":true}}')
  const kept = server.decodeRequest(Object.assign(body, hello), {}).request.extras?.['anthropic-messages'] ?? {}
  expect(Object.keys(kept)).toEqual(['__proto__'])
  expect(kept['polluted']).toBeUndefined()
})

test('system turns, repeated turns and a last turn of the assistant stay where they are', () => {
  const roles = ['user', 'user', 'system', 'assistant', 'system', 'assistant']
  const { messages } = read({ messages: roles.map(role => ({ role, content: 'x' })) })
  expect(messages.map(({ role }) => role)).toEqual(roles)
})

test('hints with a value that is not known are no fault', () => {
  const request = read({
    thinking: { type: 'adaptive', display: 'updates' },
    output_config: { effort: 'heroic' },
    service_tier: 'gold',
  })
  expect(request.thinking).toEqual({ mode: 'adaptive', display: 'updates' })
  expect(request.effort).toBeUndefined()
  expect(request.extras?.['anthropic-messages']).toEqual({ output_config: { effort: 'heroic' }, service_tier: 'gold' })
})

test('between tool calls a model may think longer than one answer', () => {
  const thinking = { type: 'enabled', budget_tokens: 4000 }
  const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14' }
  expect(read({ max_tokens: 2000, thinking }, headers).thinking?.budgetTokens).toBe(4000)
})

test.each([
  ['bash_20250124', 'bash', 'command'],
  ['text_editor_20250124', 'str_replace_editor', 'view_range'],
  ['text_editor_20250728', 'str_replace_based_edit_tool', 'insert_line'],
  ['memory_20250818', 'memory', 'new_path'],
  ['computer_20250124', 'computer', 'coordinate'],
  ['computer_20251124', 'computer', 'region'],
])('a tool of type %s gets the schema that its clients expect', (type, name, property) => {
  const [tool] = read({ tools: [{ type, name, display_width_px: 1024, display_height_px: 768 }] }).tools ?? []
  expect(tool?.name).toBe(name)
  expect(tool?.inputSchema['properties']).toHaveProperty(property)
  expect(tool?.extras?.['anthropic-messages']?.['type']).toBe(type)
})

test('reasoning with an empty signature is unsigned', () => {
  const { messages } = read(assistant({ type: 'thinking', thinking: 'hm', signature: '' }))
  expect(messages[0]?.content).toEqual([{ type: 'thinking', text: 'hm' }])
})

test('a tool that servers run is kept verbatim, beside those that the client runs', () => {
  const value = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 }
  const { tools, opaqueTools } = read({ tools: [value, tool], tool_choice: { type: 'any' } })
  expect(tools?.map(({ name }) => name)).toEqual([tool.name])
  expect(opaqueTools).toEqual([{ protocol: 'anthropic-messages', value }])
})

test('what a server tool left in a conversation is kept verbatim', () => {
  const value = { type: 'web_search_tool_result', tool_use_id: 'a', content: [{ nested: null }] }
  const { messages } = read(assistant(value))
  expect(messages[0]?.content).toEqual([{ type: 'opaque', protocol: 'anthropic-messages', value }])
})

test('a body to count needs no max_tokens, and is else read as the same request', () => {
  const { max_tokens: _, ...body } = {
    ...hello,
    system: 's',
    tools: [],
    thinking: { type: 'enabled', budget_tokens: 2048 },
  }
  const { maxTokens: __, ...request } = read({ ...body, max_tokens: 9000 })
  expect(server.decodeCountRequest?.(body, {})).toEqual(request)
})
