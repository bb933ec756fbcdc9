import type { JsonObject } from '../../src/core/json.ts'
import type { SseFrame } from '../../src/protocols/sse.ts'

/*
 * What a Messages stream may look like, written down a second time and without the codec, so that both would have
 * to be wrong in the same way.
 */

type State = 'before' | 'between' | 'block' | 'ending' | 'done'

interface Block {
  readonly type: string
  readonly index: number
  isSigned: boolean
}

interface Machine {
  state: State
  nextIndex: number
  block: Block | undefined
  readonly faults: string[]
}

/** Gives the faults of a stream from its first frame to its last, in words. A stream in grammar has none. */
export function checkAnthropicStream(frames: readonly SseFrame[]): string[] {
  const machine: Machine = { state: 'before', nextIndex: 0, block: undefined, faults: [] }
  for (const [position, frame] of frames.entries()) {
    if ('comment' in frame) continue
    const event = parse(frame, machine.faults, position)
    if (event) step(machine, event, position)
  }
  if (machine.state !== 'done')
    machine.faults.push(`the stream ends ${machine.state === 'block' ? 'within a block' : 'too early'}`)
  return machine.faults
}

function parse(frame: { event?: string; data: string }, faults: string[], position: number): JsonObject | undefined {
  const event: unknown = JSON.parse(frame.data)
  if (!isObject(event)) {
    faults.push(`frame ${position}: the data is not an object`)
    return undefined
  }
  if (event['type'] !== frame.event)
    faults.push(`frame ${position}: the event is named ${frame.event}, its type is ${said(event['type'])}`)
  return event
}

function said(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const allowedIn: Readonly<Record<string, readonly State[]>> = {
  message_start: ['before'],
  content_block_start: ['between'],
  content_block_delta: ['block'],
  content_block_stop: ['block'],
  message_delta: ['between', 'ending'],
  message_stop: ['ending'],
  ping: ['before', 'between', 'block', 'ending'],
  error: ['before', 'between', 'block', 'ending'],
}

function step(machine: Machine, event: JsonObject, position: number): void {
  const type = said(event['type'])
  const fault = (problem: string): void => void machine.faults.push(`frame ${position}: ${problem}`)
  if (!allowedIn[type]?.includes(machine.state)) fault(`${type} when the stream is ${machine.state}`)
  steps[type]?.(machine, event, fault)
}

type Step = (machine: Machine, event: JsonObject, fault: (problem: string) => void) => void

const steps: Readonly<Record<string, Step>> = {
  message_start(machine, event, fault) {
    machine.state = 'between'
    checkMessage(event['message'], fault)
  },
  content_block_start(machine, { index, content_block: content }, fault) {
    if (index !== machine.nextIndex) fault(`block ${said(index)} begins where ${machine.nextIndex} is due`)
    if (!isObject(content)) return fault('a block begins with nothing')
    const type = said(content['type'])
    checkOpening(type, content, fault)
    machine.block = { type, index: machine.nextIndex, isSigned: false }
    machine.state = 'block'
  },
  content_block_delta({ block }, { index, delta }, fault) {
    if (!block) return
    if (index !== block.index) fault(`a delta for block ${said(index)} while ${block.index} is open`)
    if (isObject(delta)) checkDelta(block, delta, fault)
    else fault('a delta with nothing')
  },
  content_block_stop(machine, { index }, fault) {
    if (index !== machine.block?.index) fault(`block ${said(index)} ends while another is open`)
    machine.block = undefined
    machine.nextIndex += 1
    machine.state = 'between'
  },
  message_delta(machine, event, fault) {
    machine.state = 'ending'
    checkEnd(event, fault)
  },
  message_stop(machine) {
    machine.state = 'done'
  },
  error(machine, { error }, fault) {
    machine.state = 'done'
    if (!isObject(error) || typeof error['type'] !== 'string' || typeof error['message'] !== 'string')
      fault('an error that says nothing')
  },
}

function checkMessage(message: unknown, fault: (problem: string) => void): void {
  if (!isObject(message)) return fault('message_start has no message')
  const fixed = { type: 'message', role: 'assistant', stop_reason: null, stop_sequence: null, stop_details: null }
  for (const [field, value] of Object.entries(fixed)) {
    if (message[field] !== value) fault(`message.${field} is ${JSON.stringify(message[field])}`)
  }
  for (const field of ['id', 'model']) if (typeof message[field] !== 'string') fault(`message.${field} is no string`)
  for (const field of ['container', 'diagnostics'])
    if (!(field in message)) fault(`message.${field} is not spelled out`)
  if (!Array.isArray(message['content']) || message['content'].length > 0) fault('message.content is not []')
  checkUsage(message['usage'], fault)
}

function checkUsage(usage: unknown, fault: (problem: string) => void): void {
  if (!isObject(usage)) return fault('message.usage is missing')
  for (const field of ['input_tokens', 'output_tokens']) if (!isCount(usage[field])) fault(`usage.${field} is no count`)
  for (const field of countsOrNull) {
    if (usage[field] !== null && !isCount(usage[field])) fault(`usage.${field} is no count`)
  }
  for (const field of othersInUsage) if (usage[field] === undefined) fault(`usage.${field} is not spelled out`)
}

const countsOrNull = ['cache_creation_input_tokens', 'cache_read_input_tokens']
const othersInUsage = [
  'cache_creation',
  'output_tokens_details',
  'server_tool_use',
  'service_tier',
  'inference_geo',
  'speed',
]

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

const openings: Readonly<Record<string, JsonObject>> = {
  text: { text: '' },
  thinking: { thinking: '', signature: '' },
  tool_use: { input: {} },
}

function checkOpening(type: string, content: JsonObject, fault: (problem: string) => void): void {
  for (const [field, value] of Object.entries(openings[type] ?? {})) {
    if (JSON.stringify(content[field]) !== JSON.stringify(value))
      fault(`a ${type} block begins with ${field} ${JSON.stringify(content[field])}`)
  }
  if (type === 'text' && 'citations' in content) fault('a text block without citations speaks of them')
  if (type === 'tool_use' && !isObject(content['caller'])) fault('a tool_use block without its caller')
}

const deltas: Readonly<Record<string, { readonly field: string; readonly blocks: readonly string[] }>> = {
  text_delta: { field: 'text', blocks: ['text'] },
  citations_delta: { field: 'citation', blocks: ['text'] },
  thinking_delta: { field: 'thinking', blocks: ['thinking'] },
  signature_delta: { field: 'signature', blocks: ['thinking'] },
  input_json_delta: { field: 'partial_json', blocks: ['tool_use', 'server_tool_use', 'mcp_tool_use'] },
  compaction_delta: { field: 'content', blocks: ['compaction'] },
}

function checkDelta(block: Block, delta: JsonObject, fault: (problem: string) => void): void {
  const type = said(delta['type'])
  const kind = deltas[type]
  if (!kind) return fault(`${type} is not a delta`)
  if (!kind.blocks.includes(block.type)) fault(`${type} in a ${block.type} block`)
  if (delta[kind.field] === undefined) fault(`${type} without ${kind.field}`)
  if (block.isSigned) fault(`${type} after the signature`)
  if (type === 'signature_delta') block.isSigned = true
}

const stopReasons = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
  'compaction',
]

function checkEnd({ delta, usage }: JsonObject, fault: (problem: string) => void): void {
  if (!isObject(delta)) return fault('message_delta has no delta')
  const { stop_reason: reason, stop_sequence: sequence, stop_details: details } = delta
  if (!stopReasons.includes(said(reason))) fault(`stop_reason is ${said(reason)}`)
  if (sequence !== null && reason !== 'stop_sequence') fault(`stop_sequence is told of a ${said(reason)}`)
  if (details !== null && !(isObject(details) && details['type'] === 'refusal' && reason === 'refusal'))
    fault('stop_details without a refusal')
  if (!('container' in delta)) fault('container is not spelled out')
  if (!isObject(usage) || !isCount(usage['output_tokens'])) fault('message_delta does not count the output')
}
