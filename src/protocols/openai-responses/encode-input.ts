import type { ContentBlock, TextBlock, ToolResultBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import { stringIn } from '../json.ts'
import { encodeAssistant } from './encode-assistant.ts'
import { encodePart, type Part } from './encode-parts.ts'
import { ownExtras } from './extras.ts'
import { grouped } from './group-blocks.ts'
import { noCacheMarks, type Place, type Report, within } from './losses.ts'
import type { FunctionCallOutputItem } from './wire.ts'

/** Joins the blocks of a system prompt. */
export function encodeInstructions(system: readonly TextBlock[], report: Report): string | undefined {
  for (const [index, { cache }] of system.entries()) {
    if (cache) report(`system.${index}.cache`, 'dropped', noCacheMarks)
  }
  return system.length === 0 ? undefined : system.map(({ text }) => text).join('\n\n')
}

/** Writes the turns as one list of items, each where it stood. */
export function encodeInput({ messages }: ModelRequest, report: Report): readonly JsonObject[] {
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

function encodeResult(result: ToolResultBlock, place: Place): FunctionCallOutputItem {
  const parts = result.content.flatMap((block, index) => encodePart(block, within(place, 'content', index)))
  if (result.isError === true) {
    const why = 'Responses has no field for a failed call; its text begins with "Error: "'
    place.report(`${place.field}.isError`, 'degraded', why)
  }
  const output = asContent(result.isError === true ? withError(parts) : parts)
  return { ...ownExtras(result), type: 'function_call_output', call_id: result.callId, output }
}

function withError(parts: readonly Part[]): readonly Part[] {
  const [first, ...others] = parts
  const text = first?.['type'] === 'input_text' ? stringIn(first['text']) : undefined
  if (text === undefined) return [{ type: 'input_text', text: 'Error: ' }, ...parts]
  return [{ ...first, type: 'input_text', text: `Error: ${text}` }, ...others]
}
