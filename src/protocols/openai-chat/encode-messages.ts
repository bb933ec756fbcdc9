import type { ContentBlock, TextBlock, ThinkingBlock, ToolResultBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import { objectIn, stringIn } from '../json.ts'
import { encodePart, encodeText, type Part, type Place } from './encode-parts.ts'
import { ownExtras, ownFields } from './extras.ts'
import type { FunctionToolCall, RefusalPart, TextPart } from './wire.ts'

/** Writes the system prompt and the turns as one list of messages. */
export function encodeMessages({ system, messages }: ModelRequest, place: Place): readonly JsonObject[] {
  const { report, compat } = place
  if (messages.at(-1)?.role === 'assistant' && compat.prefill === undefined) {
    const why = 'most Chat upstreams begin a new answer instead of going on from this turn'
    report(`messages.${messages.length - 1}`, 'degraded', why)
  }
  return [
    ...encodeSystem(system, place),
    ...messages.flatMap((message, index) => encodeMessage(message, { ...place, field: `messages.${index}` })),
  ]
}

/** Joins the blocks of a system prompt, but for those that came as messages of their own. */
function encodeSystem(system: readonly TextBlock[], place: Place): readonly JsonObject[] {
  const groups: Placed[][] = []
  for (const [index, block] of system.entries()) {
    const placed = { block, place: { ...place, field: `system.${index}` } }
    const group = groups.at(-1)
    if (group && roleOf(block) === undefined) group.push(placed)
    else groups.push([placed])
  }
  return groups.map(encodeGroup)
}

interface Placed {
  readonly block: TextBlock
  readonly place: Place
}

function encodeGroup(group: readonly Placed[]): JsonObject {
  const texts = group.map(({ block, place }) => encodeText(block, place))
  const first = group[0]?.block
  const role = first && roleOf(first)
  // Parts are kept only for who sent or marked parts: not every server takes them here.
  const isPlain = role === undefined && !texts.some(text => 'cache_control' in text)
  const content = isPlain ? texts.map(({ text }) => text).join('\n\n') : asContent(texts)
  return { ...objectIn(first && ownExtras(first)['message']), role: role ?? 'system', content }
}

function roleOf(holder: TextBlock | Message): string | undefined {
  return stringIn(ownExtras(holder)['role'])
}

function encodeMessage(message: Message, place: Place): readonly JsonObject[] {
  const fields = ownFields(message)
  switch (message.role) {
    case 'system':
      return [{ ...fields, role: roleOf(message) ?? 'system', content: asContent(onlyText(message.content, place)) }]
    case 'user':
      return encodeUser(message.content, fields, place)
    case 'assistant':
      return [{ ...fields, role: 'assistant', ...encodeAssistant(message.content, place) }]
  }
}

/** A single plain text is written as a string, which every server understands. */
function asContent(parts: readonly Part[]): string | readonly Part[] {
  const [first, ...others] = parts
  if (!first) return ''
  const isPlain = others.length === 0 && first['type'] === 'text' && Object.keys(first).length === 2
  return isPlain ? (stringIn(first['text']) ?? '') : parts
}

/** Results must follow their calls at once, so they go first; what only a user may say follows in one turn. */
function encodeUser(content: readonly ContentBlock[], fields: JsonObject, place: Place): readonly JsonObject[] {
  const answers: JsonObject[] = []
  const shown: Part[] = []
  const said: Part[] = []
  for (const [index, block] of content.entries()) {
    const inner = within(place, index)
    if (block.type !== 'tool-result') {
      said.push(...encodePart(block, inner))
      continue
    }
    if (said.length > 0) inner.report(inner.field, 'degraded', 'tool results are moved before the rest of their turn')
    const { message, extra } = encodeResult(block, inner)
    answers.push(message)
    shown.push(...extra)
  }
  const isOnlyResults = answers.length > 0 && shown.length === 0 && said.length === 0
  return isOnlyResults ? answers : [...answers, { ...fields, role: 'user', content: asContent([...shown, ...said]) }]
}

function encodeResult(
  result: ToolResultBlock,
  place: Place,
): { readonly message: JsonObject; readonly extra: readonly Part[] } {
  const parts = result.content.flatMap((block, index) => encodePart(block, within(place, index)))
  const texts = parts.filter(isTextPart)
  const others = parts.filter(part => !isTextPart(part))
  if (others.length > 0)
    place.report(place.field, 'emulated', 'what a tool showed follows in a user turn: a Chat result is text')
  const content = asContent(result.isError === true ? withError(texts, place) : texts)
  const label: TextPart = { type: 'text', text: `Shown by tool call ${result.callId}:` }
  return {
    message: { ...ownFields(result), role: 'tool', tool_call_id: result.callId, content },
    extra: others.length > 0 ? [label, ...others] : [],
  }
}

function withError([first, ...others]: readonly TextPart[], place: Place): readonly TextPart[] {
  place.report(
    `${place.field}.isError`,
    'degraded',
    'Chat has no field for a failed call; its text begins with "Error: "',
  )
  return [{ ...first, type: 'text', text: `Error: ${first?.text ?? ''}` }, ...others]
}

function encodeAssistant(content: readonly ContentBlock[], place: Place): JsonObject {
  const refusal = content.find(isMessageRefusal)
  const texts = onlyText(content, place)
  const calls = content.flatMap(encodeCall)
  const isSilent = texts.length === 0 && (calls.length > 0 || refusal !== undefined)
  return {
    content: isSilent ? null : asContent(texts),
    ...(refusal?.type === 'text' && { refusal: refusal.text }),
    ...encodeReasoning(content, place),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function isMessageRefusal(block: ContentBlock): boolean {
  return refusalOf(block) === 'message'
}

function refusalOf(block: ContentBlock): string | undefined {
  return block.type === 'text' ? stringIn(ownExtras(block)['refusal']) : undefined
}

/** Sends reasoning back where the upstream takes it. What is signed was made by another model, which alone can use it. */
function encodeReasoning(content: readonly ContentBlock[], place: Place): JsonObject {
  const name = place.compat.reasoningField ?? 'reasoning_content'
  const thoughts = content.flatMap((block, index) => {
    if (block.type !== 'thinking') return []
    if (name !== 'none' && !isForeign(block)) return [block.text]
    const why = name === 'none' ? 'the upstream takes no earlier reasoning' : 'the reasoning was made by another model'
    place.report(`${place.field}.content.${index}`, 'dropped', why)
    return []
  })
  return thoughts.length > 0 ? { [name]: thoughts.join('\n\n') } : {}
}

function isForeign({ signature, origin }: ThinkingBlock): boolean {
  return signature !== undefined || (origin !== undefined && origin !== 'openai-chat')
}

function encodeCall(block: ContentBlock): readonly FunctionToolCall[] {
  if (block.type !== 'tool-call') return []
  return [{ id: block.id, type: 'function', function: { name: block.name, arguments: block.input } }]
}

/** The text of a turn that may have nothing else, beside what has fields of its own. */
function onlyText(content: readonly ContentBlock[], place: Place): readonly (TextPart | RefusalPart)[] {
  return content.flatMap((block, index): readonly (TextPart | RefusalPart)[] => {
    if (block.type === 'thinking' || block.type === 'tool-call' || isMessageRefusal(block)) return []
    if (block.type === 'text' && refusalOf(block) === 'part') return [{ type: 'refusal', refusal: block.text }]
    const inner = within(place, index)
    const parts = encodePart(block, inner)
    const texts = parts.filter(isTextPart)
    if (texts.length < parts.length)
      inner.report(inner.field, 'dropped', 'in Chat only a user turn may have more than text')
    return texts
  })
}

function isTextPart(part: Part): part is TextPart {
  return part['type'] === 'text'
}

function within(place: Place, index: number): Place {
  return { ...place, field: `${place.field}.content.${index}` }
}
