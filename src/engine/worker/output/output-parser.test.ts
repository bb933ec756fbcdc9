import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import { joinEvents } from './output-event.ts'
import type { OutputEvent } from './output-event.ts'
import type { OutputFormat } from './output-format.ts'
import { thinkTags, toolCallTags } from './output-format.ts'
import { createOutputParser } from './output-parser.ts'
import type { ParserOptions } from './character-parser.ts'

const tools: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  [
    'look',
    { type: 'object', properties: { at: { type: 'integer' }, why: { type: 'string' }, all: { type: 'boolean' } } },
  ],
  ['read_file', { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] }],
])

const hermes: OutputFormat = { type: 'tagged', thinking: thinkTags, calls: toolCallTags }
const coder: OutputFormat = {
  type: 'tagged',
  calls: { opens: ['<tool_call>', '<function='], close: '</tool_call>', body: 'elements' },
}
const miniMax: OutputFormat = {
  type: 'tagged',
  calls: { opens: ['<own:tool_call>', '<invoke name="'], close: '</own:tool_call>', body: 'elements' },
}
const glm: OutputFormat = { type: 'tagged', thinking: thinkTags, calls: { ...toolCallTags, body: 'pairs' } }
const mistral: OutputFormat = {
  type: 'tagged',
  thinking: { open: '[THINK]', close: '[/THINK]' },
  calls: { opens: ['[TOOL_CALLS]'], body: 'named-json' },
}
const llama: OutputFormat = { type: 'tagged', calls: { opens: ['<|python_tag|>'], body: 'json', isBare: true } }
const gemma: OutputFormat = {
  type: 'tagged',
  thinking: { open: '<|channel>thought', close: '<channel|>' },
  calls: { opens: ['<|tool_call>'], close: '<tool_call|>', body: 'gemma', quote: '<|"|>' },
}
const harmony: OutputFormat = { type: 'harmony' }

interface Spoken {
  readonly pieces: readonly string[]
  readonly begins?: 'thinking' | 'text'
  readonly isCut?: boolean
  readonly withoutTools?: boolean
  readonly mustCall?: boolean
}

function hear(
  format: OutputFormat,
  { pieces, begins, isCut, withoutTools, mustCall = false }: Spoken,
): readonly OutputEvent[] {
  const options: ParserOptions = { tools: withoutTools ? new Map() : tools, mustCall, ...(begins && { begins }) }
  const parser = createOutputParser(format, options)
  return joinEvents([...pieces.flatMap(piece => parser.push(piece)), ...parser.end(!isCut)])
}

/** The events in short: text and reasoning as they are, calls as the name and the arguments. */
function short(events: readonly OutputEvent[]): readonly unknown[] {
  const said: unknown[] = []
  for (const event of events) {
    if (event.type === 'text') said.push(event.text)
    if (event.type === 'thinking') said.push({ thinks: event.text })
    if (event.type === 'call-start') said.push({ calls: event.name, with: '' })
    if (event.type !== 'call-arguments') continue
    const call = said.at(-1) as { calls: string; with: string }
    said[said.length - 1] = { ...call, with: call.with + event.json }
  }
  return said
}

const call = (name: string, json: string): unknown => ({ calls: name, with: json })

type Case = readonly [
  name: string,
  format: OutputFormat,
  text: string,
  expected: readonly unknown[],
  more?: Partial<Spoken>,
]

const lookAt1 = call('look', '{"at": 1}')

const rows: readonly Case[] = [
  ['plain text', hermes, 'Hello <b>there</b>, a < b ', ['Hello <b>there</b>, a < b ']],
  ['a call', hermes, '<tool_call>\n{"name": "look", "arguments": {"at": 1}}\n</tool_call>', [lookAt1]],
  [
    'text, then two calls',
    hermes,
    'Let me see.\n<tool_call>{"name":"look","arguments":{"at": 1}}</tool_call>\n<tool_call>{"name":"look","arguments":{}}</tool_call>\n',
    ['Let me see.', lookAt1, call('look', '{}')],
  ],
  [
    'a call in mid-text',
    hermes,
    'a <tool_call>{"name":"look","arguments":{"at": 1}}</tool_call> b',
    ['a', lookAt1, 'b'],
  ],
  [
    'calls as a list',
    hermes,
    '<tool_call>[{"name":"look","arguments":{"at": 1}}, {"name":"look"}]</tool_call>',
    [lookAt1, call('look', '{}')],
  ],
  ['arguments before the name', hermes, '<tool_call>{"arguments":{"at": 1},"name":"look"}</tool_call>', [lookAt1]],
  [
    'arguments within a string',
    hermes,
    '<tool_call>{"name":"look","arguments":"{\\"at\\": 1}"}</tool_call>',
    [lookAt1],
  ],
  [
    'a call within a function',
    hermes,
    '<tool_call>{"type":"function","function":{"name":"look","arguments":{"at": 1}}}</tool_call>',
    [lookAt1],
  ],
  [
    'reasoning, text and a call',
    hermes,
    '<think>\nHm.\n</think>\n\nYes.<tool_call>{"name":"look","arguments":{"at": 1}}</tool_call>',
    [{ thinks: 'Hm.' }, 'Yes.', lookAt1],
  ],
  [
    'reasoning that the prompt opened',
    hermes,
    '\nHm.\n</think>\n\nYes.',
    [{ thinks: 'Hm.' }, 'Yes.'],
    { begins: 'thinking' },
  ],
  ['reasoning without any word', hermes, '<think>\n\n</think>\n\nYes.', ['Yes.']],
  ['reasoning that was cut off', hermes, '<think>Hm. </th', [{ thinks: 'Hm. </th' }], { isCut: true }],
  [
    'a call where no tools are',
    hermes,
    '<tool_call>{"name":"look"}</tool_call>',
    ['<tool_call>{"name":"look"}</tool_call>'],
    { withoutTools: true },
  ],
  ['what only looks like a marker', hermes, 'a <tool_cal b <<tool <', ['a <tool_cal b <<tool <']],
  ['a tag that holds no call', hermes, 'a <tool_call> is a tag', ['a <tool_call> is a tag']],
  ['an object without a name', hermes, '<tool_call>{"at": 1}</tool_call>', ['<tool_call>{"at": 1}</tool_call>']],
  [
    'a call that lacks what its tool demands',
    hermes,
    '<tool_call>{"name":"read_file"}</tool_call>',
    ['<tool_call>{"name":"read_file"}</tool_call>'],
  ],
  ['a brace too few', hermes, '<tool_call>{"name":"look","arguments":{"at": 1}</tool_call>', [lookAt1]],
  ['two braces too few', hermes, '<tool_call>{"name":"look","arguments":{"at": 1</tool_call> b', [lookAt1, 'b']],
  ['no closing marker', hermes, '<tool_call>{"name":"look","arguments":{"at": 1}}', [lookAt1]],
  ['a meant end before the braces', hermes, '<tool_call>{"name":"look","arguments":{"at": 1', [lookAt1]],
  [
    'a cut before the braces',
    hermes,
    '<tool_call>{"name":"look","arguments":{"at": 1',
    [call('look', '{"at": 1')],
    { isCut: true },
  ],
  ['a cut within a string', hermes, '<tool_call>{"name":"look","arguments":{"why": "be', [call('look', '{"why": "be')]],
  ['a cut before the name is whole', hermes, 'a <tool_call>{"name":"lo', ['a'], { isCut: true }],
  ['a cut before the arguments', hermes, '<tool_call>\n{"name": "look"', [], { isCut: true }],
  ['a cut after the brace of the arguments', hermes, '<tool_call>{"name":"look","arguments":{', [], { isCut: true }],
  [
    'a cut before the arguments of a second call',
    hermes,
    '<tool_call>{"name":"look","arguments":{"at": 1}} {"name":"look"',
    [lookAt1],
    { isCut: true },
  ],
  ['an end before the name is whole', hermes, '<tool_call>{"name":"lo', ['<tool_call>{"name":"lo']],
  ['a meant end after the brace', hermes, '<tool_call>{"name":"look","arguments":{', [call('look', '{}')]],
  [
    'a closing marker after the brace',
    hermes,
    '<tool_call>{"name":"look","arguments":{</tool_call>',
    [call('look', '{}')],
  ],
  [
    'a closing marker after the brace, where the tool demands something',
    hermes,
    '<tool_call>{"name":"read_file","arguments":{</tool_call>',
    ['<tool_call>{"name":"read_file","arguments":{</tool_call>'],
  ],
  [
    'an empty object that the model wrote itself',
    hermes,
    '<tool_call>{"name":"read_file","arguments":{}}</tool_call>',
    [call('read_file', '{}')],
  ],
  [
    'a tool that is not there',
    hermes,
    '<tool_call>{"name":"jump","arguments":{"at": 1}}</tool_call>',
    ['<tool_call>{"name":"jump","arguments":{"at": 1}}</tool_call>'],
  ],
  [
    'a closing marker within a string',
    hermes,
    '<tool_call>{"name":"look","arguments":{"why":"</tool_call>"}}</tool_call>',
    [call('look', '{"why":"</tool_call>"}')],
  ],
  [
    'raw line breaks, odd escapes, Python words and spare commas',
    hermes,
    `<tool_call>{"name":"look","arguments":{"why":"a\nb\\'","all":True,}}</tool_call>`,
    [call('look', '{"why":"a\\nb\\\\\'","all":true}')],
  ],
  [
    'a call in the words of Python',
    hermes,
    `a <tool_call>{'name': 'look', 'arguments': {'at': 1, 'all': True}}</tool_call> b`,
    ['a', call('look', '{"at":1,"all":true}'), 'b'],
  ],
  [
    'an unknown tool in the words of Python',
    hermes,
    `<tool_call>{'name': 'jump', 'arguments': {}}</tool_call> b`,
    [`<tool_call>{'name': 'jump', 'arguments': {}}</tool_call> b`],
  ],
  ['words of Python without an end', hermes, `<tool_call>{'name': 'look'`, [`<tool_call>{'name': 'look'`]],
  [
    'escapes of characters, whole and broken',
    hermes,
    '<tool_call>{"name":"lo\\u006fk","arguments":{"why":"\\u00e9\\u12x\\q"}}</tool_call>',
    [call('look', '{"why":"\\u00e9\\\\u12x\\\\q"}')],
  ],
  [
    'arguments that are no JSON',
    hermes,
    '<tool_call>{"name":"look","arguments":{at=1}}</tool_call> b',
    [call('look', '{at=1}}'), 'b'],
  ],
  [
    'elements',
    coder,
    'So:\n<tool_call>\n<function=look>\n<parameter=at>\n1\n</parameter>\n<parameter=why>\n2 <b>\n</parameter>\n</function>\n</tool_call>',
    ['So:', call('look', '{"at":1,"why":"2 <b>"}')],
  ],
  [
    'elements without a tag around them',
    coder,
    '<function=look>\n<parameter=all>true</parameter></function>',
    [call('look', '{"all":true}')],
  ],
  ['elements around JSON', coder, '<function=look>{"at": 1}</function>', [lookAt1]],
  ['elements without parameters', coder, '<tool_call><function=look></function></tool_call>', [call('look', '{}')]],
  [
    'elements that lack what the tool demands',
    coder,
    '<tool_call><function=read_file></function></tool_call>',
    ['<tool_call><function=read_file></function></tool_call>'],
  ],
  [
    'an element that was cut off',
    coder,
    '<function=read_file><parameter=path>\n/et',
    [call('read_file', '{"path":"/et')],
    { isCut: true },
  ],
  [
    'elements of a tool that is not there',
    coder,
    '<tool_call><function=jump><parameter=at>1</parameter></function></tool_call>',
    ['<tool_call><function=jump><parameter=at>1</parameter></function></tool_call>'],
  ],
  [
    'elements around a brace, where the tool demands something',
    coder,
    '<function=read_file>{</function>',
    ['<function=read_file>{</function>'],
  ],
  ['elements that were cut off before a value', coder, 'a <function=read_file><parameter=pa', ['a'], { isCut: true }],
  [
    'JSON where elements are the rule',
    coder,
    '<tool_call>{"name":"look","arguments":{"at": 1}}</tool_call>',
    [lookAt1],
  ],
  [
    'pairs',
    glm,
    '<think>Hm.</think><tool_call>look\n<arg_key>at</arg_key>\n<arg_value>1</arg_value>\n<arg_key>why</arg_key><arg_value>1</arg_value>\n</tool_call>',
    [{ thinks: 'Hm.' }, call('look', '{"at":1,"why":"1"}')],
  ],
  [
    'a value that ends with a line break, and one on lines of its own',
    glm,
    '<tool_call>look<arg_key>why</arg_key><arg_value>a\n</arg_value></tool_call><tool_call>look<arg_key>why</arg_key><arg_value>\na\n\n</arg_value></tool_call>',
    [call('look', '{"why":"a\\n"}'), call('look', '{"why":"a\\n"}')],
  ],
  [
    'invocations in one frame',
    miniMax,
    'So:\n<own:tool_call>\n<invoke name="look">\n<parameter name="at">1</parameter>\n</invoke>\n<invoke name="look">\n<parameter name="why">1</parameter>\n</invoke>\n</own:tool_call>',
    ['So:', call('look', '{"at":1}'), call('look', '{"why":"1"}')],
  ],
  ['pairs of a call without any', glm, '<tool_call>look</tool_call>ok', [call('look', '{}'), 'ok']],
  [
    'pairs of a tool that is not there',
    glm,
    '<tool_call>jump\n<arg_key>at</arg_key></tool_call>',
    ['<tool_call>jump\n<arg_key>at</arg_key></tool_call>'],
  ],
  ['a named tool that is not there', mistral, '[TOOL_CALLS]jump[ARGS]{"at": 1}', ['[TOOL_CALLS]jump[ARGS]{"at": 1}']],
  ['a named call that ends with its brace', mistral, '[TOOL_CALLS]read_file[ARGS]{', ['[TOOL_CALLS]read_file[ARGS]{']],
  ['a named call that was cut off at its brace', mistral, '[TOOL_CALLS]look[ARGS]{', [], { isCut: true }],
  [
    'a named call',
    mistral,
    '[TOOL_CALLS]look[ARGS]{"at": 1}[TOOL_CALLS]look[CALL_ID]abc[ARGS]{}',
    [lookAt1, call('look', '{}')],
  ],
  [
    'a list after a marker',
    mistral,
    'ok[TOOL_CALLS] [{"name": "look", "arguments": {"at": 1}, "id": "a"}]',
    ['ok', lookAt1],
  ],
  ['reasoning in brackets', mistral, '[THINK]Hm.[/THINK]Yes [1].', [{ thinks: 'Hm.' }, 'Yes [1].']],
  ['a bare call', llama, '{"name": "look", "parameters": {"at": 1}}', [lookAt1]],
  [
    'bare calls in a row',
    llama,
    '{"name": "look", "parameters": {"at": 1}}; {"name": "look", "parameters": {}}',
    [lookAt1, call('look', '{}')],
  ],
  ['a bare call after a marker', llama, '<|python_tag|>{"name": "look", "parameters": {"at": 1}}', [lookAt1]],
  [
    'a bare object that names no tool',
    llama,
    '{"name": "Ada", "parameters": 1} is JSON',
    ['{"name": "Ada", "parameters": 1} is JSON'],
  ],
  ['a bare object of another kind', llama, ' {"colour": "red"}', [' {"colour": "red"}']],
  ['a bare object that was cut off', llama, '{"name": "lo', ['{"name": "lo'], { isCut: true }],
  ['a bare call that must be, cut off', llama, '{"name": "lo', [], { isCut: true, mustCall: true }],
  ['the marker of a call that must be, cut off', hermes, '<tool_', [], { isCut: true, mustCall: true }],
  ['an object in mid-text', llama, 'So {"name": "look", "parameters": {}}', ['So {"name": "look", "parameters": {}}']],
  ['code after a marker', llama, '<|python_tag|>print(1)', ['<|python_tag|>print(1)']],
  [
    'bare keys',
    gemma,
    'ok<|tool_call>call:look{at:1,why:<|"|>a "b", {c}<|"|>,all:true}<tool_call|>',
    ['ok', call('look', '{"at":1,"why":"a \\"b\\", {c}","all":true}')],
  ],
  [
    'bare keys, nested',
    gemma,
    '<|tool_call>call:look{why:{a:[1,<|"|>x<|"|>]}}<tool_call|>',
    [call('look', '{"why":{"a":[1,"x"]}}')],
  ],
  [
    'bare keys of a tool that is not there',
    gemma,
    '<|tool_call>call:jump{at:1}<tool_call|>',
    ['<|tool_call>call:jump{at:1}<tool_call|>'],
  ],
  [
    'bare keys without their last brace',
    gemma,
    '<|tool_call>call:look{at:1,all:true',
    [call('look', '{"at":1,"all":true}')],
  ],
  ['no bare key at all', gemma, '<|tool_call>call:look{}<tool_call|>', [call('look', '{}')]],
  ['no bare key, and no end', gemma, '<|tool_call>call:read_file{', ['<|tool_call>call:read_file{']],
  [
    'bare keys that were cut off',
    gemma,
    '<|tool_call>call:look{why:<|"|>a <',
    [call('look', '{"why":"a <')],
    { isCut: true },
  ],
  ['a channel of thought', gemma, '<|channel>thought\nHm.<channel|>Yes', [{ thinks: 'Hm.' }, 'Yes']],
  [
    'channels',
    harmony,
    '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>Let me see.<|end|><|start|>assistant<|channel|>commentary to=functions.look <|constrain|>json<|message|>{"at": 1}<|call|>',
    [{ thinks: 'Hm.' }, 'Let me see.', lookAt1],
  ],
  [
    'a recipient before its channel',
    harmony,
    ' to=functions.look<|channel|>commentary json<|message|>{"at": 1',
    [lookAt1],
  ],
  [
    'a channel of a tool that is not there',
    harmony,
    '<|channel|>commentary to=functions.jump<|message|>{"at": 1}<|call|>',
    ['{"at": 1}'],
  ],
  ['a call closed before its arguments', harmony, ' to=functions.look<|message|><|call|>', [call('look', '{}')]],
  ['a call closed before the arguments that it needs', harmony, ' to=functions.read_file<|message|><|call|>', []],
  ['a call of no more than a brace', harmony, ' to=functions.read_file<|message|>{<|call|>', ['{']],
  ['a call cut off before its arguments', harmony, ' to=functions.look<|message|>', [], { isCut: true }],
  ['a header that must be a call, cut off', harmony, ' to=funct', [], { isCut: true, mustCall: true }],
  ['a final channel', harmony, '<|channel|>final<|message|>Yes <|b|>.<|return|>', ['Yes <|b|>.']],
  [
    'channels that the prompt opened',
    harmony,
    'Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes',
    [{ thinks: 'Hm.' }, 'Yes'],
    { begins: 'thinking' },
  ],
  ['no channels at all', harmony, 'Yes.', ['Yes.']],
]

const cases = rows.map(([name, format, text, expected, more]) => ({ name, format, text, expected, more }))

describe('an answer is told apart:', () => {
  test.each(cases)('$name', ({ format, text, expected, more }) => {
    expect(short(hear(format, { pieces: [text], ...more }))).toEqual(expected)
  })

  test.each(cases)('$name, however it is cut', ({ format, text, more }) => {
    const whole = hear(format, { pieces: [text], ...more })
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), cuts => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length]
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end))
        expect(hear(format, { pieces, ...more })).toEqual(whole)
      }),
      { numRuns: 20 },
    )
    expect(hear(format, { pieces: text.split(''), ...more })).toEqual(whole)
  })
})

const formats = { hermes, coder, glm, mistral, llama, gemma, harmony }
const names = fc.constantFrom(...(Object.keys(formats) as (keyof typeof formats)[]))
const scraps = fc.constantFrom(
  '<think>',
  '</think>',
  '<tool_call>',
  '</tool_call>',
  '[TOOL_CALLS]',
  '<|python_tag|>',
  '<|channel|>',
  '<|message|>',
  '<function=look>',
  '<parameter=at>',
  '</parameter>',
  '</function>',
  '<arg_key>',
  '</arg_value>',
  '<|"|>',
  '[ARGS]',
  '{"name":"look",',
  '"arguments":',
  '"name"',
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u',
  '\\u00e9',
  '\n',
  ' ',
  '1',
  'look',
  'call:',
  '😀',
  'true',
)

test('whatever a model writes, any cutting of it says the same, and events keep their order', () => {
  fc.assert(
    fc.property(
      names,
      fc.array(fc.oneof({ weight: 9, arbitrary: scraps }, { weight: 1, arbitrary: fc.string() }), { maxLength: 30 }),
      fc.boolean(),
      (name, parts, isCut) => {
        const format = formats[name]
        const whole = hear(format, { pieces: [parts.join('')], isCut })
        expect(hear(format, { pieces: parts, isCut })).toEqual(whole)
        expect(hear(format, { pieces: parts.join('').split(''), isCut })).toEqual(whole)
        let isOpen = false
        for (const { type } of whole) {
          if (type === 'call-arguments' || type === 'call-end') expect(isOpen).toBe(true)
          else expect(isOpen).toBe(false)
          isOpen = type === 'call-start' || (isOpen && type !== 'call-end')
        }
        expect(isOpen).toBe(false)
      },
    ),
    { numRuns: 2000 },
  )
})

test('brackets without end are words like any other', () => {
  const deep = '['.repeat(20_000) + ']'.repeat(20_000)
  const elements = `<function=look><parameter=other>${deep}</parameter></function>`
  expect(short(hear(coder, { pieces: [elements] }))).toEqual([call('look', JSON.stringify({ other: deep }))])
  const words = `<tool_call>{"arguments": {"why": ${deep}}, "name": "look"}</tool_call>`
  expect(short(hear(hermes, { pieces: [words] }))).toEqual([words])
})

test('arguments of JSON families stream as they come, character by character', () => {
  const parser = createOutputParser(hermes, { tools })
  parser.push('<tool_call>{"name":"look","arguments":')
  expect(parser.push('{')).toEqual([])
  expect(parser.push('"')).toEqual([
    { type: 'call-start', name: 'look' },
    { type: 'call-arguments', json: '{"' },
  ])
  for (const char of 'why":"be') expect(parser.push(char)).toEqual([{ type: 'call-arguments', json: char }])
})

test('any JSON object comes out of any family that writes JSON as it went in', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), input => {
      const json = JSON.stringify(input)
      const spoken: readonly (readonly [OutputFormat, string])[] = [
        [hermes, `<tool_call>\n{"name": "look", "arguments": ${json}}\n</tool_call>`],
        [mistral, `[TOOL_CALLS]look[ARGS]${json}`],
        [llama, `{"name": "look", "parameters": ${json}}`],
        [harmony, `<|channel|>commentary to=functions.look<|message|>${json}<|call|>`],
      ]
      for (const [format, text] of spoken) expect(short(hear(format, { pieces: [text] }))).toEqual([call('look', json)])
    }),
  )
})

test('the place in the text is known: words, reasoning or a call', () => {
  const parser = createOutputParser(hermes, { tools })
  const places = [
    'a',
    '<think>',
    'b',
    '</think>',
    'c',
    '<tool_call>',
    '{"name":"look","arguments":{',
    '}}',
    '</tool_call>',
  ]
  expect(
    places.map(piece => {
      parser.push(piece)
      return parser.place
    }),
  ).toEqual(['text', 'thinking', 'thinking', 'text', 'text', 'call', 'call', 'call', 'text'])
})

test.each([
  { after: 'reasoning', format: hermes, before: '<think>a', piece: 'a</think> b', rest: ' b' },
  {
    after: 'a call',
    format: hermes,
    before: '<tool_call>{"name": "look", "arguments": {}}',
    piece: '</tool_call>a',
    rest: 'a',
  },
  { after: 'a header', format: harmony, before: '<|channel|>final', piece: '<|message|>a', rest: 'a' },
])('where what is shown begins after $after is known', ({ format, before, piece, rest }) => {
  const parser = createOutputParser(format, { tools })
  parser.push(before)
  parser.push(piece)
  expect(piece.slice(parser.shownFrom)).toBe(rest)
  parser.push('more')
  expect(parser.shownFrom).toBeUndefined()
})

test('what was no call after all is shown from its beginning', () => {
  const parser = createOutputParser(hermes, { tools })
  parser.push('<tool_call>')
  expect(parser.push('nothing')).toEqual([{ type: 'text', text: '<tool_call>nothing' }])
  expect(parser.shownFrom).toBeUndefined()
})
