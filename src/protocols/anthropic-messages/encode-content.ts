import type {
  CacheBreakpoint,
  ContentBlock,
  DocumentBlock,
  ImageBlock,
  MediaSource,
  ThinkingBlock,
  ToolCallBlock,
  ToolResultBlock,
} from '../../core/content.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Loss } from '../../core/loss.ts'
import { defined } from '../json.ts'
import type { Compat } from '../protocol.ts'
import { isSealed } from '../reasoning-seal.ts'
import { ownExtras } from './extras.ts'
import { encodeToolInput, isToolInput } from './tool-input.ts'

/** Where in the neutral request a thing is, and where to note what is lost of it. */
export interface Spot {
  readonly field: string
  readonly losses: Loss[]
  readonly compat?: Compat
}

/** Notes that a thing, or a field of it, cannot be said. */
export function lose({ field, losses }: Spot, action: Loss['action'], why: string): void {
  losses.push({ field, action, why })
}

/** Names a place within another. */
export function within(spot: Spot, ...steps: readonly (string | number)[]): Spot {
  return { ...spot, field: [spot.field, ...steps].join('.') }
}

/** Says blocks in the wire's words, without those that it has no words for. */
export function encodeBlocks(blocks: readonly ContentBlock[], spot: Spot): readonly JsonObject[] {
  return blocks.flatMap((block, index) => {
    const encoded = encodeBlock(block, within(spot, index))
    return encoded ? [{ ...encoded, ...encodeBase(block) }] : []
  })
}

function encodeBase(block: ContentBlock): JsonObject {
  return block.type === 'opaque' ? {} : { ...encodeCache(block), ...ownExtras(block) }
}

/** Says the cache breakpoint of a block, a tool or a request. */
export function encodeCache({ cache }: { readonly cache?: CacheBreakpoint }): JsonObject {
  return cache ? { cache_control: { type: 'ephemeral', ...defined({ ttl: cache.ttl }) } } : {}
}

function encodeBlock(block: ContentBlock, spot: Spot): JsonObject | undefined {
  switch (block.type) {
    case 'text':
      // The API refuses an empty text, which other protocols write beside every tool call.
      return block.text === '' ? undefined : { type: 'text', text: block.text }
    case 'image':
      return encodeImage(block, spot)
    case 'document':
      return encodeDocument(block, spot)
    case 'search-result':
      return {
        type: 'search_result',
        source: block.source,
        title: block.title,
        content: encodeBlocks(block.content, within(spot, 'content')),
        ...encodeCitations(block.citations),
      }
    case 'tool-call':
      return encodeToolCall(block, spot)
    case 'tool-result':
      return encodeToolResult(block, spot)
    case 'thinking':
    case 'redacted-thinking':
    case 'opaque':
      return encodeOwn(block, spot)
  }
}

/** Says what only its maker can read, and drops what somebody else made. */
function encodeOwn(
  block: Extract<ContentBlock, { type: 'thinking' | 'redacted-thinking' | 'opaque' }>,
  spot: Spot,
): JsonObject | undefined {
  if (block.type === 'opaque') {
    if (block.protocol === 'anthropic-messages') return block.value
    lose(spot, 'dropped', `the block is in the words of ${block.protocol}`)
    return undefined
  }
  if (block.origin !== undefined && block.origin !== 'anthropic-messages') {
    lose(spot, 'dropped', `the reasoning was made by ${block.origin}`)
    return undefined
  }
  if (block.type === 'redacted-thinking') return { type: 'redacted_thinking', data: block.data }
  return encodeThinking(block, spot)
}

function encodeThinking({ text, signature }: ThinkingBlock, spot: Spot): JsonObject | undefined {
  if (signature === undefined && spot.compat?.unsignedReasoning === 'accepted') {
    return { type: 'thinking', thinking: text, signature: '' }
  }
  if (signature !== undefined && !isSealed(signature)) return { type: 'thinking', thinking: text, signature }
  const why = signature === undefined ? 'the reasoning is not signed' : 'the reasoning was made by another model'
  lose(spot, 'dropped', `${why}, so the API would refuse it`)
  return undefined
}

function encodeImage({ source, detail }: ImageBlock, spot: Spot): JsonObject {
  if (detail !== undefined) lose(within(spot, 'detail'), 'dropped', 'the protocol cannot say how closely to look')
  return { type: 'image', source: encodeMedia(source) }
}

function encodeMedia(source: MediaSource): JsonObject {
  switch (source.type) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data }
    case 'url':
      return { type: 'url', url: source.url }
    case 'file':
      return { type: 'file', file_id: source.fileId }
  }
}

function encodeDocument({ source, title, context, citations }: DocumentBlock, spot: Spot): JsonObject {
  return {
    type: 'document',
    source: encodeDocumentSource(source, spot),
    ...defined({ title, context }),
    ...encodeCitations(citations),
  }
}

function encodeDocumentSource(source: DocumentBlock['source'], spot: Spot): JsonObject {
  switch (source.type) {
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text }
    case 'blocks':
      return { type: 'content', content: encodeBlocks(source.blocks, within(spot, 'source', 'blocks')) }
    case 'base64':
    case 'url':
    case 'file':
      return encodeMedia(source)
  }
}

function encodeCitations(citations: boolean | undefined): JsonObject {
  return citations === undefined ? {} : { citations: { enabled: citations } }
}

function encodeToolCall({ id, name, input }: ToolCallBlock, spot: Spot): JsonObject {
  if (!isToolInput(input))
    lose(within(spot, 'input'), 'degraded', 'the arguments are not a JSON object, so they are sent as text in one')
  return { type: 'tool_use', id, name, input: encodeToolInput(input) }
}

function encodeToolResult({ callId, content, isError }: ToolResultBlock, spot: Spot): JsonObject {
  const blocks: Json = encodeBlocks(content, within(spot, 'content'))
  return {
    type: 'tool_result',
    tool_use_id: callId,
    ...(blocks.length > 0 && { content: blocks }),
    ...(isError !== undefined && { is_error: isError }),
  }
}
