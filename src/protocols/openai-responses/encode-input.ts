import type { ContentBlock, TextBlock, ToolResultBlock } from '../../core/content.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import { stringIn } from '../json.ts'
import { encodeAssistant } from './encode-assistant.ts'
import { encodePart, type Part } from './encode-parts.ts'
import { ownExtras } from './extras.ts'
import { grouped } from './group-blocks.ts'
import { noCacheMarks, type Place, type Report, within } from './losses.ts'
import type { FunctionCallOutputItem } from './wire.ts'

/** Writes instructions beside the items where that is how they came, or where they came in another protocol. */
export function encodeConversation(request: ModelRequest, report: Report): Conversation {
  const { system, messages } = request
  for (const [index, { cache }] of system.entries()) {
    if (cache) report(`system.${index}.cache`, 'dropped', noCacheMarks)
  }
  const found = system.findIndex(block => 'role' in ownExtras(block))
  const end = found < 0 ? system.length : found
  const opening = encodeOpening(system.slice(end))
  return {
    ...(end > 0 && { instructions: joined(system.slice(0, end)) }),
    input: [...opening, ...encodeInput(messages, report)],
  }
}

type Conversation = { readonly instructions?: string; readonly input: readonly JsonObject[] }

function joined(blocks: readonly TextBlock[]): string {
  return blocks.map(({ text }) => text).join('\n\n')
}

/** Writes instructions that were items of their own; a mark begins each. */
function encodeOpening(system: readonly TextBlock[]): readonly JsonObject[] {
  const items: { readonly role: Json; readonly parts: Part[] }[] = []
  for (const block of system) {
    const { role, ...kept } = ownExtras(block)
    if (role !== undefined) items.push({ role, parts: [] })
    items.at(-1)?.parts.push({ ...kept, type: 'input_text', text: block.text })
  }
  return items.map(({ role, parts }) => ({ role, type: 'message', content: asContent(parts) }))
}

/** Writes the turns as one list of items, each where it stood. */
function encodeInput(messages: readonly Message[], report: Report): readonly JsonObject[] {
  if (messages.at(-1)?.role === 'assistant') {
    const why = 'Responses upstreams begin a new answer instead of going on from this turn'
    report(`messages.${messages.length - 1}`, 'degraded', why)
  }
  return messages.flatMap((message, index) => encodeMessage(message, { field: `messages.${index}`, report }))
}

function encodeMessage(message: Message, place: Place): readonly JsonObject[] {
  const { role, content } = message
  if (role === 'assistant') return encodeAssistant(content, place)
  const kept = ownExtras(message)
  return grouped(content, isItem).flatMap(group => {
    const [first] = group
    if (!first) return []
    if (isItem(first.block)) return encodeItem(first.block, within(place, 'content', first.index))
    const parts = group.flatMap(({ block, index }) => encodePart(block, within(place, 'content', index)))
    return parts.length === 0 ? [] : [{ role, ...kept, type: 'message', content: asContent(parts) }]
  })
}

/** Whether a block of a user or system turn is an item of its own, and no part of a message. */
function isItem(block: ContentBlock): boolean {
  if (block.type === 'opaque') return stringIn(block.value['type'])?.startsWith('input_') !== true
  return block.type === 'tool-result'
}

function encodeItem(block: ContentBlock, place: Place): readonly JsonObject[] {
  return block.type === 'tool-result' ? [encodeResult(block, place)] : encodePart(block, place)
}

/** A single plain text is written as a string, which every server understands. */
function asContent(parts: readonly Part[]): string | readonly Part[] {
  const [first, ...others] = parts
  if (!first) return ''
  const isPlain = others.length === 0 && first['type'] === 'input_text' && Object.keys(first).length === 2
  return isPlain ? (stringIn(first['text']) ?? '') : parts
}

function encodeResult(result: ToolResultBlock, place: Place): FunctionCallOutputItem | JsonObject {
  const parts = result.content.flatMap((block, index) => encodePart(block, within(place, 'content', index)))
  if (result.isError === true) {
    const why = 'Responses has no field for a failed call; its text begins with "Error: "'
    place.report(`${place.field}.isError`, 'degraded', why)
  }
  const output = asContent(result.isError === true ? withError(parts) : parts)
  return { type: 'function_call_output', ...ownExtras(result), call_id: result.callId, output }
}

function withError(parts: readonly Part[]): readonly Part[] {
  const [first, ...others] = parts
  const text = first?.['type'] === 'input_text' ? stringIn(first['text']) : undefined
  if (text === undefined) return [{ type: 'input_text', text: 'Error: ' }, ...parts]
  return [{ ...first, type: 'input_text', text: `Error: ${text}` }, ...others]
}
