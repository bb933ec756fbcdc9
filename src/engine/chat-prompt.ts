import type { ContentBlock, DocumentBlock, SearchResultBlock, TextBlock, ToolResultBlock } from '../core/content.ts'
import { ModelError } from '../core/errors.ts'
import { foreignLosses } from '../core/foreign-extras.ts'
import type { Loss } from '../core/loss.ts'
import type { Message, ModelRequest, ResponseFormat, Tool, ToolChoice } from '../core/request.ts'
import { isOwnThinking } from './signature.ts'

/** One message as chat templates know it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  readonly toolCalls?: readonly ChatToolCall[]
  /** The call that a `tool` message answers. */
  readonly callId?: string
  /** The tool that a `tool` message speaks for, where the conversation says so. */
  readonly name?: string
  /** The reasoning before an `assistant` message, where a local model made it. */
  readonly thinking?: string
}

/** A tool as chat templates know it. */
export type ChatTool = Pick<Tool, 'name' | 'description' | 'inputSchema' | 'isStrict'>

export interface ChatToolCall {
  readonly id: string
  readonly name: string
  /** JSON text. */
  readonly input: string
}

/** A conversation ready for a chat template. */
export interface ChatPrompt {
  readonly messages: readonly ChatMessage[]
  /** The beginning of the answer, which the model goes on from. */
  readonly prefill: string
  /** The tools that may be called; absent where none may. */
  readonly tools?: readonly ChatTool[]
  readonly toolChoice?: ToolChoice
  /** Whether the model is to reason first; absent where the request leaves it open. */
  readonly thinking?: boolean
  readonly effort?: 'low' | 'medium' | 'high'
  /** The shape that the answer's text must have, where it is not plain. */
  readonly responseFormat?: Exclude<ResponseFormat, { type: 'text' }>
}

/**
 * Puts a request into the terms of chat templates. Turns of one role that follow each other become one.
 * Throws `invalid-request` for content that a text model cannot be shown; what a tool gave of that kind is only noted,
 * for no client can take it out of the conversation again.
 */
export function toChatPrompt(request: ModelRequest): ChatPrompt {
  const names = toolNames(request.messages)
  const system = joinBlocks(request.system)
  const turns = [
    ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
    ...request.messages.flatMap(message => toTurns(message, names)),
  ]
  const messages = mergeTurns(turns)
  const last = messages.at(-1)
  const asked = { ...toolsOf(request), ...thinkingOf(request), ...formatOf(request) }
  if (last?.role !== 'assistant' || last.toolCalls) return { messages, prefill: '', ...asked }
  return { messages: messages.slice(0, -1), prefill: last.content, ...asked }
}

/** What of a request the embedded engine leaves out, whatever the model. */
export function findLosses(request: ModelRequest): readonly Loss[] {
  const { responseFormat, messages } = request
  const losses = [...foreignLosses(request), ...messages.flatMap(lostWork), ...messages.flatMap(unseenResults)]
  if (responseFormat && responseFormat.type !== 'text' && messages.at(-1)?.role === 'assistant') {
    const why = 'the answer goes on from text of the client, and is not constrained'
    losses.push({ field: 'responseFormat', action: 'degraded', why })
  }
  return losses
}

/* What tools did that ran elsewhere belongs to the model that they ran for. */
function isForeignWork(block: ContentBlock): boolean {
  return block.type === 'opaque' && (block.protocol === 'openai-responses' || block.protocol === 'anthropic-messages')
}

function lostWork({ role, content }: Message, index: number): readonly Loss[] {
  if (role !== 'assistant') return []
  return content.flatMap((block, at) => {
    const field = `messages.${index}.content.${at}`
    if (block.type !== 'opaque' || !isForeignWork(block)) return []
    return [{ field, action: 'dropped', why: `only ${block.protocol} understands it` }]
  })
}

function unseenResults({ content }: Message, index: number): readonly Loss[] {
  return content.flatMap((block, at) =>
    block.type === 'tool-result' ? unseenParts(block, `messages.${index}.content.${at}`) : [],
  )
}

function unseenParts({ content }: ToolResultBlock, place: string): readonly Loss[] {
  return content.flatMap((part, at) => {
    const unseen: string[] = []
    toText(part, what => {
      unseen.push(what)
      return ''
    })
    const why = `the model is told of ${unseen.join(', ')} in words, and cannot see it`
    return unseen.length === 0 ? [] : [{ field: `${place}.content.${at}`, action: 'degraded', why }]
  })
}

/* A model that is not shown any tools calls none, which is what `none` asks for. */
function toolsOf({ tools = [], toolChoice }: ModelRequest): Pick<ChatPrompt, 'tools' | 'toolChoice'> {
  if (tools.length === 0 || toolChoice?.type === 'none') return {}
  return {
    tools: tools.map(({ name, description, inputSchema, isStrict }) => ({
      name,
      ...(description !== undefined && { description }),
      inputSchema,
      ...(isStrict !== undefined && { isStrict }),
    })),
    ...(toolChoice && { toolChoice }),
  }
}

const efforts = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'high', max: 'high' } as const

function thinkingOf({ thinking, effort }: ModelRequest): Pick<ChatPrompt, 'thinking' | 'effort'> {
  if (thinking?.mode === 'disabled' || effort === 'none') return { thinking: false }
  if (effort === undefined) return thinking ? { thinking: true } : {}
  return { thinking: true, effort: efforts[effort] }
}

function formatOf({ responseFormat }: ModelRequest): Pick<ChatPrompt, 'responseFormat'> {
  return responseFormat && responseFormat.type !== 'text' ? { responseFormat } : {}
}

function toolNames(messages: readonly Message[]): ReadonlyMap<string, string> {
  const calls = messages.flatMap(({ content }) => content.filter(block => block.type === 'tool-call'))
  return new Map(calls.map(({ id, name }) => [id, name]))
}

/* Tool results travel in the user's turn, but templates give each a message of its own, before what the user adds. */
function toTurns({ role, content: given }: Message, names: ReadonlyMap<string, string>): ChatMessage[] {
  const content = role === 'assistant' ? given.filter(block => !isForeignWork(block)) : given
  if (content.length === 0 && given.length > 0) return []
  const toolCalls = content
    .filter(block => block.type === 'tool-call')
    .map(({ id, name, input }) => ({ id, name, input }))
  const results = content.filter(block => block.type === 'tool-result')
  const text = role === 'assistant' ? content.map(block => toText(block)).join('') : joinBlocks(content)
  const turns: ChatMessage[] = results.map(({ callId, content: result, isError }) => {
    const name = names.get(callId)
    const said = joinBlocks(result, noteUnseen)
    return { role: 'tool', content: isError ? `Error: ${said}` : said, callId, ...(name !== undefined && { name }) }
  })
  if (text !== '' || turns.length === 0) {
    const thinking = role === 'assistant' ? ownThinking(content) : ''
    turns.push({
      role,
      content: text,
      ...(toolCalls.length > 0 && { toolCalls }),
      ...(thinking !== '' && { thinking }),
    })
  }
  return turns
}

/* What another model thought is its own; a local model is shown only what local models thought. */
function ownThinking(content: readonly ContentBlock[]): string {
  return content
    .filter(block => block.type === 'thinking')
    .filter(isOwnThinking)
    .map(({ text }) => text)
    .join('\n\n')
}

function mergeTurns(turns: readonly ChatMessage[]): readonly ChatMessage[] {
  const merged: ChatMessage[] = []
  for (const turn of turns) {
    const last = merged.at(-1)
    if (last && last.role === turn.role && turn.role !== 'tool') merged[merged.length - 1] = mergeTwo(last, turn)
    else merged.push(turn)
  }
  return merged
}

function mergeTwo(first: ChatMessage, second: ChatMessage): ChatMessage {
  const glue = first.role === 'assistant' ? '' : '\n\n'
  const toolCalls = [...(first.toolCalls ?? []), ...(second.toolCalls ?? [])]
  const thinking = [first.thinking, second.thinking].filter(text => text !== undefined).join('\n\n')
  return {
    role: first.role,
    content: [first.content, second.content].filter(text => text !== '').join(glue),
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(thinking !== '' && { thinking }),
  }
}

/** Gives what stands in the place of something that the model cannot be shown, or throws. */
type Unseen = (what: string) => string

const noteUnseen: Unseen = what => `[${what} that this model cannot see]`

function joinBlocks(blocks: readonly ContentBlock[], unseen: Unseen = refuseUnseen): string {
  return blocks
    .map(block => toText(block, unseen))
    .filter(text => text !== '')
    .join('\n\n')
}

function toText(block: ContentBlock, unseen: Unseen = refuseUnseen): string {
  switch (block.type) {
    case 'text':
      return block.text
    case 'document':
      return documentText(block, unseen)
    case 'search-result':
      return searchResultText(block)
    case 'image':
      return unseen('an image')
    case 'opaque':
      return unseen(`a block of type ${JSON.stringify(block.value['type'] ?? block.protocol)}`)
    // Reasoning stands beside a message's text, and calls and results have messages of their own.
    case 'thinking':
    case 'redacted-thinking':
    case 'tool-call':
    case 'tool-result':
      return ''
  }
}

function documentText({ source, title, context }: DocumentBlock, unseen: Unseen): string {
  const head = [title === undefined ? '' : `Document: ${title}`, context ?? ''].filter(line => line !== '').join('\n')
  return [head, documentBody(source, unseen)].filter(part => part !== '').join('\n\n')
}

function documentBody(source: DocumentBlock['source'], unseen: Unseen): string {
  switch (source.type) {
    case 'text':
      return source.text
    case 'blocks':
      return joinBlocks(source.blocks, unseen)
    case 'base64':
    case 'url':
    case 'file':
      return unseen(
        source.type === 'base64' ? `a document of type '${source.mediaType}'` : `a document given by ${source.type}`,
      )
  }
}

function searchResultText({ source, title, content }: SearchResultBlock): string {
  return [`Search result: ${title}`, `Source: ${source}`, '', joinBlocks(content satisfies readonly TextBlock[])].join(
    '\n',
  )
}

function refuseUnseen(what: string): never {
  throw new ModelError(
    'invalid-request',
    `the conversation contains ${what}, which the embedded engine cannot show to a model; send it as text or use a model elsewhere`,
    { code: 'unsupported-value' },
  )
}
