import type { ContentBlock, TextBlock, ToolResultBlock } from '../../core/content.ts'
import type { Extras } from '../../core/extras.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/request.ts'
import { defined, type Field } from '../json.ts'
import { decodeParts, decodeText, decodeWritten } from './decode-parts.ts'
import { maxToolNameLength, requireFunction } from './decode-tools.ts'

/** A conversation whose opening instructions stand apart from its turns. */
export interface Conversation {
  readonly system: readonly TextBlock[]
  readonly messages: readonly Message[]
}

/**
 * Reads the turns. Instructions at the very beginning become the system prompt, later ones stay where they are,
 * and tool results that follow each other become one user turn.
 */
export function decodeMessages(field: Field): Conversation {
  const turns = field.items(maxMessages)
  if (turns.length === 0) field.fail('must have at least one message')
  const system: TextBlock[] = []
  const messages: Message[] = []
  for (const turn of turns) {
    turn.object()
    const role = turn.at('role').oneOf(roles)
    if (isInstruction(role) && messages.length === 0) system.push(...decodeOpening(turn, role, system.length === 0))
    else addTurn(messages, turn, role)
  }
  return { system, messages }
}

const maxMessages = 100_000
const maxCalls = 1024
const roles = ['developer', 'system', 'user', 'assistant', 'tool', 'function'] as const
type Role = (typeof roles)[number]
type InstructionRole = 'system' | 'developer'

function isInstruction(role: Role): role is InstructionRole {
  return role === 'system' || role === 'developer'
}

/**
 * Marks the block that begins a message wherever the plain form would not show it, so that the messages can be
 * written again as they were.
 */
function decodeOpening(turn: Field, role: InstructionRole, isFirst: boolean): readonly TextBlock[] {
  const [first, ...others] = decodeText(turn.at('content'))
  const name = decodeName(turn)
  if (!first) return []
  const isPlain = isFirst && role === 'system' && name === undefined && others.length === 0
  return isPlain
    ? [first]
    : [{ ...first, extras: own({ ...first.extras?.['openai-chat'], role, ...defined({ name }) }) }, ...others]
}

function addTurn(messages: Message[], turn: Field, role: Role): void {
  switch (role) {
    case 'system':
    case 'developer':
      messages.push(named(turn, { role: 'system', content: decodeText(turn.at('content')) }, role))
      return
    case 'user':
      messages.push(named(turn, { role: 'user', content: decodeParts(turn.at('content')) }))
      return
    case 'assistant':
      messages.push(named(turn, { role: 'assistant', content: decodeAssistant(turn) }))
      return
    case 'tool':
      addResult(messages, {
        callId: turn.at('tool_call_id').name(maxIdLength),
        content: decodeParts(turn.at('content')),
      })
      return
    case 'function':
      addResult(messages, { callId: legacyId(turn.at('name')), content: turn.at('content').maybe(decodeParts) ?? [] })
  }
}

// Some gateways hide a model's signed reasoning in the ids of its calls, which makes them long.
const maxIdLength = 64 * 1024

function named(turn: Field, message: Message, role?: InstructionRole): Message {
  const marks = defined({ role: role === 'developer' ? role : undefined, name: decodeName(turn) })
  return Object.keys(marks).length > 0 ? { ...message, extras: own(marks) } : message
}

function decodeName(turn: Field): string | undefined {
  return turn.at('name').maybe(name => name.string())
}

function addResult(messages: Message[], answered: Pick<ToolResultBlock, 'callId' | 'content'>): void {
  const result: ToolResultBlock = { type: 'tool-result', ...answered }
  const last = messages.at(-1)
  const isResults = last?.role === 'user' && last.content.every(({ type }) => type === 'tool-result')
  if (last && isResults) messages[messages.length - 1] = { ...last, content: [...last.content, result] }
  else messages.push({ role: 'user', content: [result] })
}

/** Calls of the retired kind have no id; a name answers the latest call of that name. */
function legacyId(name: Field): string {
  return `function_${name.name(maxToolNameLength)}`
}

function decodeAssistant(turn: Field): readonly ContentBlock[] {
  const reasoning = decodeReasoning(turn)
  const content = turn.at('content').maybe(decodeWritten) ?? []
  const refusal = turn.at('refusal').maybe(field => field.string())
  const calls = decodeCalls(turn)
  turn.at('audio').maybe(audio => audio.fail('earlier audio answers are not kept; give their transcript as `content`'))
  const blocks: ContentBlock[] = [...reasoning, ...content.filter(({ text }) => text !== '')]
  if (refusal !== undefined) blocks.push({ type: 'text', text: refusal, extras: own({ refusal: 'message' }) })
  blocks.push(...calls)
  if (blocks.length === 0 && turn.at('content').isAbsent) turn.at('content').fail('Field required', 'missing-field')
  return blocks
}

function decodeReasoning(turn: Field): readonly ContentBlock[] {
  const text = turn.at('reasoning_content').maybe(reasoning => reasoning.string()) ?? reasoningIn(turn)
  return text === undefined || text === '' ? [] : [{ type: 'thinking', text }]
}

/** Reads `reasoning`, the word of OpenRouter and newer vLLM for `reasoning_content`. */
function reasoningIn(turn: Field): string | undefined {
  return turn.at('reasoning').maybe(reasoning => reasoning.string())
}

function decodeCalls(turn: Field): readonly ContentBlock[] {
  const calls = turn.at('tool_calls').maybe(field => field.items(maxCalls)) ?? []
  const blocks = calls.map((call): ContentBlock => {
    call.object()
    requireFunction(call.at('type'))
    return { type: 'tool-call', id: call.at('id').name(maxIdLength), ...decodeCalled(call.at('function')) }
  })
  const legacy = turn.at('function_call').maybe((call): ContentBlock => {
    return { type: 'tool-call', id: legacyId(call.at('name')), ...decodeCalled(call) }
  })
  return legacy ? [...blocks, legacy] : blocks
}

function decodeCalled(call: Field): { readonly name: string; readonly input: string } {
  call.object()
  return { name: call.at('name').name(maxToolNameLength), input: call.at('arguments').string() }
}

function own(marks: JsonObject): Extras {
  return { 'openai-chat': marks }
}
