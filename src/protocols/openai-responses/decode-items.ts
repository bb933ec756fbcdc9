import type { ContentBlock, TextBlock, ToolCallBlock, ToolResultBlock } from '../../core/content.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/request.ts'
import { Field, quoted, unknownFields } from '../json.ts'
import { decodeParts, decodeSaid, decodeTexts } from './decode-parts.ts'
import { decodeReasoning } from './decode-reasoning.ts'
import { maxToolNameLength } from './decode-tools.ts'
import { asExtras } from './extras.ts'
import type { Recalled } from './recall.ts'
import { customArguments, flatName } from './tool-names.ts'

/** A conversation whose opening instructions stand apart from its turns. */
export interface Conversation {
  readonly system: readonly TextBlock[]
  readonly messages: readonly Message[]
}

/**
 * Reads the items of a request after those that it goes on from. Instructions at the very beginning become the system
 * prompt, later ones stay where they are; what a model gave in one turn becomes one turn, and so do results of tools
 * that follow each other.
 */
export function decodeItems(root: Field, recalled: Recalled): Conversation {
  const turns = new Turns()
  const { history } = recalled
  for (const item of new Field(history, root, 'previous_response_id').items(history.length))
    addItem(turns, item, recalled)
  const input = root.at('input')
  if (typeof input.value === 'string') turns.ask([{ type: 'text', text: input.value }])
  else {
    const items = history.length > 0 && input.isAbsent ? [] : input.items(maxItems)
    if (items.length === 0 && history.length === 0) input.fail('must have at least one item')
    for (const item of items) addItem(turns, item, recalled)
  }
  return turns
}

const maxItems = 100_000

// Some gateways hide a model's signed reasoning in the ids of its calls, which makes them long.
const maxIdLength = 64 * 1024

function addItem(turns: Turns, item: Field, recalled: Recalled): void {
  item.object()
  const type = item.at('type').maybe(type => type.string()) ?? typeWithout(item)
  switch (type) {
    case 'message':
      return addMessage(turns, item)
    case 'function_call':
      return turns.give(decodeCall(item, item.at('arguments').string()))
    case 'custom_tool_call':
      return turns.give(decodeCall(item, customArguments(item.at('input').string())))
    case 'reasoning':
      return turns.give(decodeReasoning(item))
    case 'function_call_output':
    case 'custom_tool_call_output':
      return turns.addResult(decodeResult(item, type))
    case 'item_reference':
      return addItem(turns, new Field(recalledItem(item.at('id'), recalled), item), recalled)
    default:
      // The work of tools that run elsewhere, and whatever is younger than this reader.
      return turns.give({ type: 'opaque', protocol: 'openai-responses', value: item.object() })
  }
}

/** A message need not say that it is one, and a reference need not either. */
function typeWithout(item: Field): string {
  if (!item.at('role').isAbsent) return 'message'
  return item.at('id').isAbsent ? item.at('type').fail('Field required', 'missing-field') : 'item_reference'
}

function recalledItem(id: Field, { items }: Recalled): JsonObject {
  const wanted = id.name(maxIdLength)
  const found = items.get(wanted)
  if (found && found['type'] !== 'item_reference') return found
  return id.fail(`no item ${quoted(wanted)} is stored here; send the item itself`, 'previous-response-not-found')
}

function addMessage(turns: Turns, item: Field): void {
  const role = item.at('role').oneOf(['user', 'assistant', 'system', 'developer'])
  const content = item.at('content')
  switch (role) {
    case 'user':
      return turns.ask(decodeParts(content))
    case 'assistant': {
      const phase = item.at('phase').maybe(phase => phase.name(64))
      return turns.answer(decodeSaid(content, phase))
    }
    case 'system':
    case 'developer':
      return turns.instruct(role, decodeTexts(content))
  }
}

const callFields: ReadonlySet<string> = new Set(['type', 'id', 'call_id', 'name', 'arguments', 'input', 'status'])

/** Reads a call; what this protocol says of it beyond any other is kept. */
function decodeCall(item: Field, input: string): ToolCallBlock {
  const name = item.at('name').name(maxToolNameLength)
  const namespace = item.at('namespace').maybe(namespace => namespace.name(maxToolNameLength))
  const isCustom = item.at('type').value === 'custom_tool_call'
  const kept = unknownFields(item.object(), callFields) ?? {}
  return {
    type: 'tool-call',
    id: item.at('call_id').name(maxIdLength),
    name: flatName(namespace, name),
    input,
    ...asExtras({ ...kept, ...(isCustom && { type: 'custom_tool_call' }), ...(namespace !== undefined && { name }) }),
  }
}

const resultFields: ReadonlySet<string> = new Set(['type', 'id', 'call_id', 'output', 'status'])

function decodeResult(item: Field, type: string): ToolResultBlock {
  const kept = unknownFields(item.object(), resultFields) ?? {}
  return {
    type: 'tool-result',
    callId: item.at('call_id').name(maxIdLength),
    content: decodeParts(item.at('output')),
    ...asExtras({ ...kept, ...(type === 'custom_tool_call_output' && { type }) }),
  }
}

class Turns implements Conversation {
  readonly system: TextBlock[] = []
  readonly messages: Message[] = []
  /** The content of the last turn, as long as it is the assistant's, or has only results. */
  #open: { readonly of: 'assistant' | 'results'; readonly content: ContentBlock[] } | undefined

  ask(content: readonly ContentBlock[]): void {
    this.#open = undefined
    this.messages.push({ role: 'user', content })
  }

  instruct(role: 'system' | 'developer', content: readonly TextBlock[]): void {
    if (this.messages.length > 0) {
      this.#open = undefined
      this.messages.push({ role: 'system', content, ...asExtras(role === 'system' ? {} : { role }) })
      return
    }
    // The mark tells instructions that are items from those that stand beside them.
    const [first, ...others] = content
    if (first) this.system.push({ ...first, ...asExtras({ ...first.extras?.['openai-responses'], role }) }, ...others)
  }

  /** Takes a message of a model. One that follows another is a turn of its own. */
  answer(texts: readonly TextBlock[]): void {
    if (this.#open?.content.at(-1)?.type === 'text') this.#open = undefined
    this.#openTurn('assistant').push(...texts)
  }

  /** Takes anything else that a model gave. */
  give(block: ContentBlock): void {
    this.#openTurn('assistant').push(block)
  }

  addResult(result: ToolResultBlock): void {
    this.#openTurn('results').push(result)
  }

  #openTurn(of: 'assistant' | 'results'): ContentBlock[] {
    if (this.#open?.of === of) return this.#open.content
    const content: ContentBlock[] = []
    this.#open = { of, content }
    this.messages.push({ role: of === 'assistant' ? 'assistant' : 'user', content })
    return content
  }
}

/** Reads the instructions that stand beside the items. */
export function decodeInstructions(root: Field): readonly TextBlock[] {
  const text = root.at('instructions').maybe(instructions => instructions.string())
  return text === undefined || text === '' ? [] : [{ type: 'text', text }]
}
