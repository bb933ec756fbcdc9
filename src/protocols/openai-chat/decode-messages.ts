import type { ContentBlock, TextBlock, ToolResultBlock } from '../../core/content.ts'
import type { Message } from '../../core/request.ts'
import type { Field } from '../json.ts'
import { decodeParts, decodeText, decodeWritten } from './decode-parts.ts'
import { asExtras, keptFields, ownExtras } from './extras.ts'
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
  const conversation = new Turns()
  for (const turn of turns) {
    turn.object()
    const role = turn.at('role').oneOf(roles)
    turn.at('name').maybe(name => name.string())
    conversation.add(turn, role)
  }
  return conversation
}

const maxMessages = 100_000
const maxCalls = 1024
const roles = ['developer', 'system', 'user', 'assistant', 'tool', 'function'] as const
type Role = (typeof roles)[number]
type InstructionRole = 'system' | 'developer'

function isInstruction(role: Role): role is InstructionRole {
  return role === 'system' || role === 'developer'
}

class Turns implements Conversation {
  readonly system: TextBlock[] = []
  readonly messages: Message[] = []
  /** The content of the last turn, while it has only tool results. */
  #results: ContentBlock[] | undefined

  add(turn: Field, role: Role): void {
    if (role === 'tool') return this.#addResult(decodeResult(turn))
    if (role === 'function') return this.#addResult(decodeLegacyResult(turn))
    if (isInstruction(role) && this.messages.length === 0) {
      const isFirst = this.system.length === 0
      for (const block of decodeOpening(turn, role, isFirst)) this.system.push(block)
      return
    }
    this.#results = undefined
    this.messages.push(decodeTurn(turn, role))
  }

  #addResult(result: ToolResultBlock): void {
    if (!this.#results) {
      this.#results = []
      this.messages.push({ role: 'user', content: this.#results })
    }
    this.#results.push(result)
  }
}

/**
 * Marks the block that begins a message wherever the plain form would not show it, so that the messages can be
 * written again as they were.
 */
function decodeOpening(turn: Field, role: InstructionRole, isFirst: boolean): readonly TextBlock[] {
  const [first, ...others] = decodeText(turn.at('content'))
  if (!first) return []
  const message = keptFields(turn.object(), 'system_message')
  const isBare = message === undefined && first.extras === undefined && others.length === 0
  const isPlain = isFirst && role === 'system' && isBare
  return isPlain ? [first] : [{ ...first, ...asExtras({ ...ownExtras(first), role, message }) }, ...others]
}

function decodeTurn(turn: Field, role: Exclude<Role, 'tool' | 'function'>): Message {
  switch (role) {
    case 'system':
    case 'developer': {
      const kept = { fields: keptFields(turn.object(), 'system_message'), role: role === 'system' ? undefined : role }
      return { role: 'system', content: decodeText(turn.at('content')), ...asExtras(kept) }
    }
    case 'user': {
      const fields = keptFields(turn.object(), 'user_message')
      return { role, content: decodeParts(turn.at('content')), ...asExtras({ fields }) }
    }
    case 'assistant': {
      const fields = keptFields(turn.object(), 'assistant_message')
      return { role, content: decodeAssistant(turn), ...asExtras({ fields }) }
    }
  }
}

// Some gateways hide a model's signed reasoning in the ids of its calls, which makes them long.
const maxIdLength = 64 * 1024

function decodeResult(turn: Field): ToolResultBlock {
  const callId = turn.at('tool_call_id').name(maxIdLength)
  const fields = keptFields(turn.object(), 'tool_message')
  return { type: 'tool-result', callId, content: decodeParts(turn.at('content')), ...asExtras({ fields }) }
}

function decodeLegacyResult(turn: Field): ToolResultBlock {
  return {
    type: 'tool-result',
    callId: legacyId(turn.at('name')),
    content: turn.at('content').maybe(decodeParts) ?? [],
  }
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
  if (refusal !== undefined) blocks.push({ type: 'text', text: refusal, ...asExtras({ refusal: 'message' }) })
  blocks.push(...calls)
  if (blocks.length === 0 && turn.at('content').isAbsent) turn.at('content').fail('Field required', 'missing-field')
  return blocks
}

function decodeReasoning(turn: Field): readonly ContentBlock[] {
  const [text = ''] = ['reasoning_content', 'reasoning'].flatMap(
    name => turn.at(name).maybe(reasoning => reasoning.string()) ?? [],
  )
  return text === '' ? [] : [{ type: 'thinking', text }]
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
