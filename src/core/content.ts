import type { Extras, ProtocolId } from './extras.ts'
import type { JsonObject } from './json.ts'

/** Asks a backend to keep the prompt up to and including this place cached. An absent `ttl` means five minutes. */
export interface CacheBreakpoint {
  readonly ttl?: '5m' | '1h'
}

/** Where the bytes of an image or a document come from. `data` is base64; nothing is fetched by decoding. */
export type MediaSource =
  | { readonly type: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'file'; readonly fileId: string }

/** What every block of a request may carry. */
interface BlockBase {
  readonly cache?: CacheBreakpoint
  readonly extras?: Extras
}

export interface TextBlock extends BlockBase {
  readonly type: 'text'
  readonly text: string
}

export interface ImageBlock extends BlockBase {
  readonly type: 'image'
  readonly source: MediaSource
  /** How closely the model should look, where a protocol can say so. */
  readonly detail?: 'low' | 'high' | 'auto'
}

/** A document: a file, plain text, or text and image blocks of the client's own making. */
export interface DocumentBlock extends BlockBase {
  readonly type: 'document'
  readonly source:
    | MediaSource
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'blocks'; readonly blocks: readonly (TextBlock | ImageBlock)[] }
  readonly title?: string
  /** What the client tells the model about the document without making it citable. */
  readonly context?: string
  readonly citations?: boolean
}

/** A passage that the client found and lets the model cite. */
export interface SearchResultBlock extends BlockBase {
  readonly type: 'search-result'
  readonly source: string
  readonly title: string
  readonly content: readonly TextBlock[]
  readonly citations?: boolean
}

/**
 * A model's reasoning. `signature` proves to its maker that it is unchanged; `origin` says who made it.
 * A target that is not the origin never sees the block.
 */
export interface ThinkingBlock extends BlockBase {
  readonly type: 'thinking'
  readonly text: string
  readonly signature?: string
  readonly origin?: string
}

/** Reasoning that only its maker can read. */
export interface RedactedThinkingBlock extends BlockBase {
  readonly type: 'redacted-thinking'
  readonly data: string
  readonly origin?: string
}

export interface ToolCallBlock extends BlockBase {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /** The arguments as JSON text, exactly as the model wrote them. It may not parse. */
  readonly input: string
}

export interface ToolResultBlock extends BlockBase {
  readonly type: 'tool-result'
  readonly callId: string
  readonly content: readonly ToolResultContent[]
  readonly isError?: boolean
}

export type ToolResultContent = TextBlock | ImageBlock | DocumentBlock | SearchResultBlock | OpaqueBlock

/** A block that only its own protocol understands, kept verbatim for it. */
export interface OpaqueBlock extends BlockBase {
  readonly type: 'opaque'
  readonly protocol: ProtocolId
  readonly value: JsonObject
}

/** One piece of a message, in no protocol's terms: the union of what the protocols can say. */
export type ContentBlock =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | SearchResultBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | ToolCallBlock
  | ToolResultBlock
  | OpaqueBlock

/** A block that a model begins to write. Its text, arguments or signature follow as deltas. */
export type OutputBlock =
  | { readonly type: 'text'; readonly extras?: Extras }
  | { readonly type: 'thinking'; readonly origin?: string; readonly extras?: Extras }
  | { readonly type: 'redacted-thinking'; readonly data: string; readonly origin?: string; readonly extras?: Extras }
  | { readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly extras?: Extras }
  | { readonly type: 'opaque'; readonly protocol: ProtocolId; readonly value: JsonObject }
