import { expect, test } from 'vitest'
import { ModelError } from '../../core/errors.ts'
import type { ChatMessage, ChatTool } from '../chat-prompt.ts'
import { createChatTemplate } from './chat-template.ts'

interface Variables {
  readonly messages: readonly { readonly role: string; readonly content: string; readonly tool_calls?: unknown }[]
}

/* Templates differ in what they refuse; these stand for the families. */
const plain = ({ messages }: Variables): string => messages.map(({ role, content }) => `[${role}]${content}`).join('')
const withTools = ({ messages }: Variables): string =>
  messages.map(message => `[${message.role}]${message.content}${JSON.stringify(message.tool_calls ?? '')}`).join('')
const strict = ({ messages }: Variables): string => {
  for (const [index, { role }] of messages.entries()) {
    if (role !== (index % 2 === 0 ? 'user' : 'assistant')) throw new Error('roles must alternate')
  }
  return plain({ messages })
}

const refuse = (): string => {
  throw new Error('secret words')
}

const render = (template: (variables: Variables) => string, messages: readonly ChatMessage[], prefill = ''): string =>
  createChatTemplate({
    source: '',
    render: variables => template(variables as unknown as Variables),
    bos: '<s>',
    eos: '</s>',
    control: [],
  }).render({ messages, prefill }).text

const ask: ChatTool = { name: 'ask', description: 'Asks.', inputSchema: { type: 'object' } }
const system: ChatMessage = { role: 'system', content: 'S' }
const user: ChatMessage = { role: 'user', content: 'U' }
const assistant: ChatMessage = { role: 'assistant', content: 'A' }
const calling: ChatMessage = {
  role: 'assistant',
  content: 'A',
  toolCalls: [{ id: 'c', name: 'look', input: '{"at":1}' }],
}
const tool: ChatMessage = { role: 'tool', content: 'R', callId: 'c', name: 'look' }

test('a template that knows system turns gets them in their place', () => {
  expect(render(plain, [system, user, assistant, user, system])).toBe('[system]S[user]U[assistant]A[user]U[system]S')
})

test('a template that refuses system turns gets their words in the user’s', () => {
  expect(render(strict, [system, user, assistant, user, system])).toBe('[user]S\n\nU[assistant]A[user]U\n\nS')
})

test('a template that knows tools gets calls and results as such', () => {
  expect(render(withTools, [user, calling, tool])).toContain('"function":{"name":"look","arguments":{"at":1}}')
})

test('a template that knows no tools gets calls and results in words', () => {
  const text = render(plain, [user, calling, tool])
  const call = '<tool_call>\n{"name": "look", "arguments": {"at":1}}\n</tool_call>'
  expect(text).toBe(`[user]U[assistant]A\n${call}[user]Result of look:\nR`)
})

test('a prefill follows the prompt as it is', () => {
  expect(render(plain, [user], 'Once ')).toBe('[user]UOnce ')
})

test('a conversation that the template refuses is the client’s fault, and the template’s own words are not shown', () => {
  const draw = (): string => render(refuse, [user])
  expect(draw).toThrow(ModelError)
  expect(draw).toThrow(expect.objectContaining({ kind: 'invalid-request' }))
  expect(draw).not.toThrow(/secret/)
})

test('a template that describes tools gets them as such, and the thinking switch', () => {
  const seen: Record<string, unknown>[] = []
  const template = createChatTemplate({
    source: '<tool_call>',
    render: variables => {
      seen.push(variables)
      return JSON.stringify([variables['messages'], variables['tools']])
    },
    bos: '',
    eos: '',
    control: [],
  })
  const { text } = template.render({ messages: [user], prefill: '', tools: [ask], thinking: true, effort: 'low' })
  expect(text).toContain('"parameters":{"type":"object"}')
  expect(seen.at(-1)).toMatchObject({ enable_thinking: true, reasoning_effort: 'low' })
})

test('a template that describes no tools gets them in words, and so are its calls', () => {
  const template = createChatTemplate({
    source: '',
    render: variables => plain(variables as unknown as Variables),
    bos: '',
    eos: '',
    control: [],
  })
  const { text } = template.render({ messages: [system, user, calling, tool], prefill: '', tools: [ask] })
  expect(text).toContain('{"name":"ask","description":"Asks.","parameters":{"type":"object"}}')
  expect(text).toContain('<tool_call>\n{"name": "look", "arguments": {"at":1}}\n</tool_call>')
  expect(text.startsWith('[system]S\n\n')).toBe(true)
})

test('reasoning goes with its turn, and in one name only where words come with it', () => {
  const rendered: Record<string, unknown>[] = []
  const template = createChatTemplate({
    source: '',
    render: variables => {
      rendered.push(...(variables['messages'] as Record<string, unknown>[]))
      return JSON.stringify(variables['messages'])
    },
    bos: '',
    eos: '',
    control: [],
  })
  rendered.length = 0
  template.render({
    messages: [user, { ...assistant, thinking: 'T' }, user, { ...calling, content: '', thinking: 'T' }],
    prefill: '',
  })
  expect(rendered.filter(({ reasoning_content }) => reasoning_content === 'T').map(({ thinking }) => thinking)).toEqual(
    [undefined, 'T'],
  )
})

test('a template that is strict about the ids of calls gets short ones, the same for a call and its result', () => {
  const template = createChatTemplate({
    source: '<tool_call>',
    render: variables => {
      const text = JSON.stringify(variables['messages'])
      for (const [, id] of text.matchAll(/"(?:tool_call_id|id)":"([^"]*)"/g))
        if (id?.length !== 9) throw new Error('nine')
      return text
    },
    bos: '',
    eos: '',
    control: [],
  })
  const { text } = template.render({ messages: [user, calling, tool], prefill: '' })
  expect(text).toContain('"id":"call00000"')
  expect(text).toContain('"tool_call_id":"call00000"')
})

test('words beside a call get a turn of their own where the template would lose them', () => {
  const template = createChatTemplate({
    source: '<tool_call>',
    render: ({ messages }) =>
      (messages as Variables['messages'])
        .map(({ role, content, tool_calls }) => `[${role}]${tool_calls ? JSON.stringify(tool_calls) : content}`)
        .join(''),
    bos: '',
    eos: '',
    control: [],
  })
  const { text } = template.render({ messages: [user, calling, tool], prefill: '' })
  expect(text.startsWith('[user]U[assistant]A[assistant][{"id":"c"')).toBe(true)
})

test('arguments that the native engine cannot print are said in the nearest way that it can', () => {
  const deep = '['.repeat(500) + ']'.repeat(500)
  const withInput = (input: string): ChatMessage => ({ ...calling, toolCalls: [{ id: 'c', name: 'look', input }] })
  expect(render(withTools, [user, withInput('{"at":1e20}'), tool])).toContain('"at":9223372036854775000')
  expect(render(withTools, [user, withInput(deep), tool])).toContain(JSON.stringify(deep))
})
