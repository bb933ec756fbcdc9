import { expect, test } from 'vitest'
import { detectFormat } from './detect-format.ts'
import type { Probes } from './detect-format.ts'
import { thinkTags, toolCallTags } from './output-format.ts'

const words = '<user>probe-user</user><bot>probe-assistant</bot>'
const shown = (call: string): Probes => ({
  words,
  call: `<user>probe-user</user><bot>${call}</bot>`,
  hasTools: true,
})
const json = '{"name": "probe_tool", "arguments": {"probe_argument": 1}}'
const known = shown(`anything ${json}`)

test.each([
  ['<tool_call>{{ call }}</tool_call>', { calls: toolCallTags }],
  ['<tool_call><function={{ name }}><parameter={{ key }}>', { calls: { body: 'elements', close: '</tool_call>' } }],
  [
    '<own:tool_call><function={{ name }}><parameter=',
    { calls: { opens: ['<own:tool_call>', '<function='], close: '</own:tool_call>' } },
  ],
  [
    '<own:tool_call><invoke name="{{ name }}"><parameter name="{{ key }}">',
    { calls: { opens: ['<own:tool_call>', '<invoke name="'], close: '</own:tool_call>', body: 'elements' } },
  ],
  ['<|python_tag|><function={{ name }}>', { calls: { opens: ['<|python_tag|>', '<function='], isBare: true } }],
  ['<tool_call>{{ name }}<arg_key>{{ key }}</arg_key><arg_value>', { calls: { body: 'pairs' } }],
  ['[TOOL_CALLS] [{{ calls }}]', { calls: { body: 'json', isList: true } }],
  ['[TOOL_CALLS]{{ name }}[ARGS]{{ input }}', { calls: { body: 'named-json' } }],
  ['<|python_tag|>', { calls: { isBare: true, argumentsKey: 'parameters' } }],
  ['<|tool_call>call:{{ name }}<tool_call|>', { calls: { body: 'gemma', quote: '<|"|>' } }],
  ['<start_function_call>call:{{ name }}<escape>', { calls: { body: 'gemma', quote: '<escape>' } }],
  ['```tool_code {{ call }}```', { calls: { opens: ['```tool_code', '```json'], close: '```' } }],
])('a template with %s writes calls in that form', (source, format) => {
  expect(detectFormat(source, known)).toMatchObject({ format: { type: 'tagged', ...format }, rendersTools: true })
})

test('channels are known by their three markers', () => {
  const source = '<|start|>{{ role }}<|channel|>final<|message|>{{ content }}<|end|>'
  expect(detectFormat(source, known)).toEqual({ format: { type: 'harmony' }, rendersTools: true })
})

test.each([
  ['<think>', '</think>'],
  ['[THINK]', '[/THINK]'],
  ['<|channel>thought', '<channel|>'],
])('reasoning between %s and %s is told apart', (open, close) => {
  expect(detectFormat(`${open} ${close}`, known).format).toMatchObject({ thinking: { open, close } })
})

test('markers that no family has are found where the template shows a call', () => {
  expect(detectFormat('', shown(`<|begin|>${json}<|done|>`)).format).toEqual({
    type: 'tagged',
    calls: { opens: ['<|begin|>'], close: '<|done|>', body: 'json' },
  })
  expect(detectFormat('', shown(`<|begin|>[${json}]<|done|>`)).format).toEqual({
    type: 'tagged',
    calls: { opens: ['<|begin|>'], close: '<|done|>', body: 'json', isList: true },
  })
  expect(detectFormat('', shown(json.replace('arguments', 'parameters'))).format).toEqual({
    type: 'tagged',
    calls: { opens: [], body: 'json', isBare: true, argumentsKey: 'parameters' },
  })
})

test.each([
  ['shows no tools', '<tool_call></tool_call>', { hasTools: false }],
  ['shows a call in words', '', shown('I call probe_tool with 1')],
  ['refuses what it is asked', '', { hasTools: true }],
])('a template that %s leaves tools to our words', (_, source, probes) => {
  expect(detectFormat(source, probes)).toEqual({ format: { type: 'tagged', calls: toolCallTags }, rendersTools: false })
})

test('a template that shows no tools may still show reasoning', () => {
  expect(detectFormat('</think>', { hasTools: false }).format).toMatchObject({ thinking: thinkTags })
})
