import type { ContentBlock, TextBlock, ThinkingBlock, ToolCallBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import { openSeal } from '../reasoning-seal.ts'
import { drop, encodePart } from './encode-parts.ts'
import { ownExtras } from './extras.ts'
import { grouped, type Indexed } from './group-blocks.ts'
import { noCacheMarks, type Place, within } from './losses.ts'
import { customInput } from './tool-names.ts'
import type { FunctionCallItem, OutputPart } from './wire.ts'

/** Writes an assistant's turn as the items that a model would have given. */
export function encodeAssistant(content: readonly ContentBlock[], place: Place): readonly JsonObject[] {
  for (const [index, block] of content.entries()) {
    if (block.cache) place.report(`${place.field}.content.${index}.cache`, 'dropped', noCacheMarks)
  }
  const said = content.filter(block => block.type !== 'text' || block.text !== '')
  return grouped(said, block => block.type !== 'text').flatMap(group => {
    const [{ block, index }] = group
    if (block.type === 'text') return [encodeSaid(group.flatMap(({ block }) => (block.type === 'text' ? [block] : [])))]
    return encodeOutput({ block, index }, index === said.length - 1, within(place, 'content', content.indexOf(block)))
  })
}

/** Writes neighbouring texts as one message. What the model said of the message itself goes back with it. */
function encodeSaid(texts: readonly TextBlock[]): JsonObject {
  const parts = texts.map(encodeOutputText)
  const [first] = parts
  const phase = texts.map(text => ownExtras(text)['phase']).find(phase => phase !== undefined)
  // A plain string needs no id, which only the server that made the message could give.
  const content = parts.length === 1 && first?.type === 'output_text' ? first.text : parts
  return { type: 'message', role: 'assistant', content, ...(phase !== undefined && { phase }) }
}

function encodeOutputText(block: TextBlock): OutputPart {
  const isRefusal = ownExtras(block)['refusal'] === true
  if (isRefusal) return { type: 'refusal', refusal: block.text }
  return { type: 'output_text', text: block.text, annotations: [] }
}

function encodeOutput({ block }: Indexed, isLast: boolean, place: Place): readonly JsonObject[] {
  switch (block.type) {
    case 'tool-call':
      return [encodeCall(block)]
    case 'thinking':
      return encodeReasoning(block, isLast, place)
    case 'redacted-thinking':
      return drop(place, 'only its maker can read hidden reasoning')
    case 'opaque':
      return encodePart(block, place)
    case 'text':
    case 'image':
    case 'document':
    case 'search-result':
    case 'tool-result':
      return drop(place, `a ${block.type} block cannot stand in an assistant turn`)
  }
}

/** What this protocol says of a call beyond any other stands among the kept fields, its own name too. */
function encodeCall(call: ToolCallBlock): FunctionCallItem | JsonObject {
  const { id, name, input } = call
  const own = ownExtras(call)
  if (own['type'] === 'custom_tool_call') return { call_id: id, name, ...own, input: customInput(input) }
  return { type: 'function_call', call_id: id, name, arguments: input === '' ? '{}' : input, ...own }
}

/** Sends reasoning back to its maker only. The API refuses reasoning that nothing came of. */
function encodeReasoning(block: ThinkingBlock, isLast: boolean, place: Place): readonly JsonObject[] {
  const seal = openSeal('openai-responses', block)
  if (!seal) return drop(place, 'the reasoning was made by another model')
  if (isLast) return drop(place, 'nothing follows the reasoning')
  const { id, data } = seal
  const { text } = block
  const item = { type: 'reasoning', ...(id !== '' && { id }) }
  if (data === '') return [{ ...item, summary: [], content: [{ type: 'reasoning_text', text }] }]
  return [{ ...item, summary: text === '' ? [] : [{ type: 'summary_text', text }], encrypted_content: data }]
}
