import type { EmbedRequest, RerankRequest } from '../core/backend.ts'
import type { CompletionRequest } from '../core/completion.ts'
import type { ContentBlock } from '../core/content.ts'
import type { Json } from '../core/json.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Need } from '../core/route-rules.ts'

/** What a request asks of whoever answers it, as far as the way there depends on it. */
export interface Demand {
  /** The name that the client gave. */
  readonly model: string
  readonly needs: ReadonlySet<Need>
  readonly promptTokens: number
  /** Whether `promptTokens` was counted; an estimate may be a third too high or too low. */
  readonly isCounted: boolean
  /** Whether one model must answer all requests alike, as vectors of two models cannot be compared. */
  readonly isSteady: boolean
  /** The conversation itself, for a backend that knows what of it its model has read already. */
  readonly conversation?: ModelRequest
}

const bytesPerToken = 4
/* What models make of a picture or a page file varies, but not with the size of its base64. */
const tokensPerImage = 1500
const tokensPerFile = 3000

/** Reads what a request demands. Without a count, the size of its prompt is estimated from its text. */
export function demandOf(request: ModelRequest, countedTokens?: number): Demand {
  return {
    model: request.model,
    needs: needsOf(request),
    promptTokens: countedTokens ?? estimateTokens(request),
    isCounted: countedTokens !== undefined,
    isSteady: false,
    conversation: request,
  }
}

/** Reads what a request to go on with raw text demands. */
export function completionDemand({ model, prompt, suffix = '' }: CompletionRequest): Demand {
  const isCounted = typeof prompt !== 'string'
  const promptTokens = isCounted ? prompt.length : Math.ceil(tokensIn(prompt) + tokensIn(suffix))
  return { model, needs: new Set(), promptTokens, isCounted, isSteady: false }
}

/** Reads what a request for vectors demands. */
export function embeddingDemand({ model, texts }: EmbedRequest): Demand {
  // Each text is read by itself, so the longest one must fit.
  const longest = texts.reduce((most, text) => Math.max(most, Buffer.byteLength(text)), 0)
  const promptTokens = Math.ceil(longest / bytesPerToken)
  return { model, needs: new Set(), promptTokens, isCounted: false, isSteady: true }
}

/** Reads what a request for a ranking demands. */
export function rankingDemand({ model, query, documents }: RerankRequest): Demand {
  // Each document is read with its query, so the longest one must fit beside it.
  const { promptTokens, ...demand } = embeddingDemand({ model, texts: documents })
  return { ...demand, promptTokens: promptTokens + Math.ceil(tokensIn(query)) }
}

function needsOf({ messages, tools = [], thinking, responseFormat }: ModelRequest): ReadonlySet<Need> {
  const needs = new Set<Need>()
  if (tools.length > 0) needs.add('tools')
  if (thinking?.mode === 'enabled') needs.add('thinking')
  if (responseFormat && responseFormat.type !== 'text') needs.add('structured-output')
  for (const { content } of messages) for (const block of content) addNeeds(block, needs)
  return needs
}

function addNeeds(block: ContentBlock, needs: Set<Need>): void {
  if (block.type === 'image') needs.add('vision')
  else if (block.type === 'tool-result') for (const inner of block.content) addNeeds(inner, needs)
  else if (block.type === 'document') {
    const { source } = block
    // Text that came as a document is text.
    if (source.type === 'blocks') for (const inner of source.blocks) addNeeds(inner, needs)
    else if (source.type !== 'text') needs.add('documents')
  }
}

function estimateTokens({ system, messages, tools = [] }: ModelRequest): number {
  let tokens = 0
  for (const block of system) tokens += tokensOf(block)
  for (const { content } of messages) for (const block of content) tokens += tokensOf(block)
  for (const { name, description = '', inputSchema } of tools) {
    tokens += tokensIn(name) + tokensIn(description) + jsonTokens(inputSchema)
  }
  return Math.ceil(tokens)
}

function tokensOf(block: ContentBlock): number {
  switch (block.type) {
    case 'text':
    case 'thinking':
      return tokensIn(block.text)
    case 'tool-call':
      return tokensIn(block.name) + tokensIn(block.input)
    case 'tool-result':
    case 'search-result':
      return sum(block.content)
    case 'image':
      return tokensPerImage
    case 'document':
      if (block.source.type === 'text') return tokensIn(block.source.text)
      return block.source.type === 'blocks' ? sum(block.source.blocks) : tokensPerFile
    // What nobody but one protocol understands, and what only its maker can read.
    case 'opaque':
    case 'redacted-thinking':
      return 0
  }
}

function sum(blocks: readonly ContentBlock[]): number {
  return blocks.reduce((tokens, block) => tokens + tokensOf(block), 0)
}

/* The depth of what a client sends is bounded where it is read. */
function jsonTokens(value: Json): number {
  if (typeof value === 'string') return tokensIn(value)
  if (typeof value !== 'object' || value === null) return 1
  return Object.entries(value).reduce((tokens, [name, inner]) => tokens + tokensIn(name) + jsonTokens(inner), 1)
}

function tokensIn(text: string): number {
  return Buffer.byteLength(text) / bytesPerToken
}
