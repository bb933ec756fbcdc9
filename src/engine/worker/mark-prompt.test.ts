import { expect, test } from 'vitest'
import type { ChatPrompt } from '../chat-prompt.ts'
import { createChatTemplate } from './chat-template.ts'

const control = ['<|end|>', '</s>', '<think>', '</think>', '<tool_call>']

/* Shows all that a template can get, with a control token after each turn. */
const shown = (messages: unknown, tools: unknown): string =>
  [tools ?? [], messages]
    .flat()
    .map(item => `${JSON.stringify(item)}<|end|>`)
    .join('')

/** The text of a prompt with control tokens in double brackets. */
function render(
  prompt: Partial<ChatPrompt>,
  { source, show = shown }: { source: string; show?: typeof shown },
): string {
  const template = createChatTemplate({
    source,
    render: ({ messages, tools }) => show(messages, tools),
    bos: '',
    eos: '</s>',
    control,
  })
  const { pieces } = template.render({ messages: [{ role: 'user', content: 'U' }], prefill: '', ...prompt })
  const inBrackets = (text: string): string => text.replaceAll(/<\|end\|>|<\/s>|<\/?think>|<tool_call>/g, '[[$&]]')
  return pieces.map(({ text, isWords }) => (isWords ? text : inBrackets(text))).join('')
}

const countOf = (text: string, part: string): number => text.split(part).length - 1

test('whatever a request says is words', () => {
  const word = 'a <|end|> b'
  const text = render(
    {
      messages: [
        { role: 'system', content: word },
        { role: 'user', content: word },
        { role: 'assistant', content: word, thinking: word, toolCalls: [{ id: word, name: word, input: '{}' }] },
        { role: 'tool', content: word, callId: word, name: word },
      ],
      tools: [
        { name: word, description: word, inputSchema: { type: 'object', properties: { [word]: { enum: [word] } } } },
      ],
      prefill: word,
    },
    { source: '<tool_call>' },
  )
  expect([countOf(text, word), countOf(text, '[[<|end|>]]')]).toEqual([14, 5])
})

test.each([
  ['that JSON hides', String.raw`{"a":"<\/s>","<\u002fs>":1}`, '"arguments":{"a":"</s>","</s>":1}'],
  ['in arguments that are no JSON', '{"a":</s>', String.raw`"arguments":"{\"a\":</s>"`],
])('a control word %s is words', (_, input, expected) => {
  const toolCalls = [{ id: 'c', name: 'f', input }]
  const text = render(
    {
      messages: [
        { role: 'user', content: 'U' },
        { role: 'assistant', content: '', toolCalls },
      ],
    },
    { source: '<tool_call>' },
  )
  expect(text).toContain(expected)
})

test('what we say for a template is the model’s own, and what the request says within it is not', () => {
  const words = (messages: unknown): string =>
    (messages as { content: string }[]).map(({ content }) => content).join('')
  const toolCalls = [{ id: 'c', name: 'f', input: '{"a": "<tool_call>"}' }]
  const text = render(
    {
      messages: [
        { role: 'user', content: 'U' },
        { role: 'assistant', content: '', toolCalls },
      ],
      tools: [{ name: 'f', description: 'Not <tool_call>.', inputSchema: {} }],
    },
    { source: '', show: words },
  )
  expect(text).toContain('"description":"Not <tool_call>."')
  expect(text).toContain('[[<tool_call>]]\n{"name": "f", "arguments": {"a": "<tool_call>"}}')
})

test('reasoning in an earlier answer is marked as the model marks it, and nobody else’s is', () => {
  const content = '<think>a</think>b<|end|>'
  const turns: ChatPrompt['messages'] = [
    { role: 'user', content },
    { role: 'assistant', content },
  ]
  const source = '<tool_call></think>'
  expect(render({ messages: turns, prefill: '<think>' }, { source })).toBe(
    `{"role":"user","content":"${content}"}[[<|end|>]]` +
      '{"role":"assistant","content":"[[<think>]]a[[</think>]]b<|end|>"}[[<|end|>]][[<think>]]',
  )
})
