import type { CallFormat, OutputFormat, Tags } from './output-format.ts'
import { thinkTags, toolCallTags } from './output-format.ts'

/** What a model's chat template tells of the way in which the model writes. */
export interface DetectedFormat {
  readonly format: OutputFormat
  /** Whether the template itself describes tools and shows calls; otherwise our words do. */
  readonly rendersTools: boolean
}

/** How a template shows things that were planted to be found again; absent where it refuses or loses them. */
export interface Probes {
  /** A conversation whose last turn is the words `probe-assistant`. */
  readonly words?: string
  /** The same with a call of `probe_tool` with `{"probe_argument": 1}` instead of the words. */
  readonly call?: string
  /** Whether a declared tool is described, and calls and their results are shown. */
  readonly hasTools: boolean
}

/** Finds a template's format by the markers in its source, and where they say nothing by how it shows a call. */
export function detectFormat(source: string, probes: Probes): DetectedFormat {
  if (['<|channel|>', '<|message|>', '<|start|>'].every(marker => source.includes(marker))) {
    return { format: { type: 'harmony' }, rendersTools: probes.hasTools }
  }
  const known = probes.hasTools ? (callsBySource(source) ?? callsByProbe(probes)) : undefined
  const thinking = thinkingTags.find(({ close }) => source.includes(close))
  return {
    // Tools that we describe in our own words are called in a form of our own choice.
    format: { type: 'tagged', calls: known ?? toolCallTags, ...(thinking && { thinking }) },
    rendersTools: known !== undefined,
  }
}

const thinkingTags: readonly Tags[] = [
  thinkTags,
  { open: '[THINK]', close: '[/THINK]' },
  { open: '<thinking>', close: '</thinking>' },
  { open: '<seed:think>', close: '</seed:think>' },
  { open: '<|channel>thought', close: '<channel|>' },
  { open: '<|START_THINKING|>', close: '<|END_THINKING|>' },
]

/** Families by what their templates cannot do without. The first that fits is taken. */
const families: readonly { readonly marks: readonly string[]; readonly calls: CallFormat }[] = [
  {
    marks: ['<|tool_call>', '<tool_call|>'],
    calls: { opens: ['<|tool_call>'], close: '<tool_call|>', body: 'gemma', quote: '<|"|>' },
  },
  {
    marks: ['<start_function_call>', '<escape>'],
    calls: { opens: ['<start_function_call>'], close: '<end_function_call>', body: 'gemma', quote: '<escape>' },
  },
  { marks: ['```tool_code'], calls: { opens: ['```tool_code', '```json'], close: '```', body: 'json' } },
  { marks: ['[TOOL_CALLS]', '[ARGS]'], calls: { opens: ['[TOOL_CALLS]'], body: 'named-json' } },
  { marks: ['[TOOL_CALLS]'], calls: { opens: ['[TOOL_CALLS]'], body: 'json', isList: true } },
  {
    marks: ['<function=', '<parameter='],
    calls: { opens: ['<tool_call>', '<function='], close: '</tool_call>', body: 'elements' },
  },
  {
    marks: ['<invoke name=', '<parameter name='],
    calls: { opens: ['<tool_call>', '<invoke name="'], close: '</tool_call>', body: 'elements' },
  },
  { marks: ['<arg_key>', '<arg_value>'], calls: { ...toolCallTags, body: 'pairs' } },
  { marks: ['<tool_call>'], calls: toolCallTags },
  {
    marks: ['<|python_tag|>', '<function='],
    calls: { opens: ['<|python_tag|>', '<function='], body: 'json', isBare: true, argumentsKey: 'parameters' },
  },
  {
    marks: ['<|python_tag|>'],
    calls: { opens: ['<|python_tag|>'], body: 'json', isBare: true, argumentsKey: 'parameters' },
  },
]

/* Some families put a name of their own before the tag's: `<seed:tool_call>`. */
const ownTag = /<(\w+:tool_call)>/

function callsBySource(source: string): CallFormat | undefined {
  const calls = families.find(({ marks }) => marks.every(mark => source.includes(mark)))?.calls
  const tag = ownTag.exec(source)?.[1]
  if (calls?.body !== 'elements' || tag === undefined) return calls
  return { ...calls, opens: [`<${tag}>`, ...calls.opens.slice(1)], close: `</${tag}>` }
}

const shownCall =
  /\{\s*"name"\s*:\s*"probe_tool"\s*,\s*"(?:arguments|parameters)"\s*:\s*\{\s*"probe_argument"\s*:\s*1\s*\}\s*\}/
const marker = /^[^\s\w"{}]\S{0,38}[^\s\w"{}]$/

/** Markers are what stands between the assistant's header and the call, and between the call and the turn's end. */
function callsByProbe({ words, call }: Probes): CallFormat | undefined {
  const shown = call === undefined ? null : shownCall.exec(call)
  if (!shown || call === undefined || words === undefined) return undefined
  const headerEnd = words.indexOf('probe-assistant')
  const turnEnd = words.slice(headerEnd + 'probe-assistant'.length)
  const rest = call.slice(shown.index + shown[0].length)
  const form = between({
    open: call.slice(headerEnd, shown.index).trim(),
    close: (rest.endsWith(turnEnd) ? rest.slice(0, rest.length - turnEnd.length) : rest).trim(),
  })
  return form && shown[0].includes('"parameters"') ? { ...form, argumentsKey: 'parameters' } : form
}

function between({ open, close }: Tags): CallFormat | undefined {
  if (open === '') return { opens: [], body: 'json', isBare: true }
  if (open.endsWith('[') && close.startsWith(']')) {
    const within = between({ open: open.slice(0, -1).trimEnd(), close: close.slice(1).trimStart() })
    return within && { ...within, isList: true }
  }
  if (!marker.test(open)) return undefined
  return { opens: [open], body: 'json', ...(marker.test(close) && { close }) }
}
