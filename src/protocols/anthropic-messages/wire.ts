import type { Json, JsonObject } from '../../core/json.ts'

/**
 * Every field of the wire, by the object that holds it, and where it goes: a neutral field, `extras`
 * (kept verbatim, for this protocol alone), `400` (refused), `dropped`, or `implied` (it follows from something else).
 * The request decoders keep in `extras` what is not read here, known or not.
 */
export const wireFields = {
  request: {
    model: 'model',
    max_tokens: 'maxTokens',
    messages: 'messages',
    system: 'system',
    stop_sequences: 'stopSequences',
    stream: 'isStreaming',
    temperature: 'sampling.temperature',
    top_p: 'sampling.topP',
    top_k: 'sampling.topK',
    tools: 'tools',
    tool_choice: 'toolChoice',
    thinking: 'thinking',
    output_config: 'effort',
    output_format: 'responseFormat',
    metadata: 'userId',
    thread: '400',
    betas: 'extras',
    billing_policy: 'extras',
    cache_control: 'cache',
    compaction: 'extras',
    container: 'extras',
    context_management: 'extras',
    diagnostics: 'extras',
    fallback_credit_token: 'extras',
    fallbacks: 'extras',
    inference_geo: 'extras',
    mcp_servers: 'extras',
    service_tier: 'extras',
    speed: 'extras',
    user_profile_id: 'extras',
    workspace_id: 'extras',
  },
  message: { role: 'role', content: 'content', clear_at: 'extras', output_config: 'extras' },
  cache_control: { type: 'cache', ttl: 'cache.ttl' },
  text: { type: 'type', text: 'text', cache_control: 'cache', citations: 'extras' },
  image: { type: 'type', source: 'source', cache_control: 'cache', transformations: 'extras' },
  document: {
    type: 'type',
    source: 'source',
    title: 'title',
    context: 'context',
    citations: 'citations',
    cache_control: 'cache',
  },
  search_result: {
    type: 'type',
    source: 'source',
    title: 'title',
    content: 'content',
    citations: 'citations',
    cache_control: 'cache',
  },
  source: {
    type: 'source.type',
    media_type: 'source.mediaType',
    data: 'source.data',
    url: 'source.url',
    file_id: 'source.fileId',
    content: 'source.blocks',
  },
  thinking: { type: 'type', thinking: 'text', signature: 'signature' },
  redacted_thinking: { type: 'type', data: 'data' },
  tool_use: {
    type: 'type',
    id: 'id',
    name: 'name',
    input: 'input',
    cache_control: 'cache',
    caller: 'extras',
    toolset_name: 'extras',
  },
  tool_result: {
    type: 'type',
    tool_use_id: 'callId',
    content: 'content',
    is_error: 'isError',
    cache_control: 'cache',
    toolset_name: 'extras',
  },
  tool: {
    type: 'extras',
    name: 'name',
    description: 'description',
    input_schema: 'inputSchema',
    strict: 'isStrict',
    cache_control: 'cache',
    allowed_callers: 'extras',
    defer_loading: 'extras',
    eager_input_streaming: 'extras',
    input_examples: 'extras',
    max_characters: 'extras',
    display_height_px: 'extras',
    display_width_px: 'extras',
    display_number: 'extras',
    enable_zoom: 'extras',
  },
  tool_choice: { type: 'toolChoice.type', name: 'toolChoice.name', disable_parallel_tool_use: 'toolChoice.isParallel' },
  thinking_config: {
    type: 'thinking.mode',
    budget_tokens: 'thinking.budgetTokens',
    display: 'thinking.display',
    block_binding: 'extras',
  },
  output_config: { effort: 'effort', format: 'responseFormat', task_budget: 'extras' },
  format: { type: 'responseFormat.type', schema: 'responseFormat.schema' },
  metadata: { user_id: 'userId' },
  answer: {
    id: 'id',
    type: 'implied',
    role: 'implied',
    model: 'model',
    content: 'blocks',
    stop_reason: 'stop.reason',
    stop_sequence: 'stop.sequence',
    stop_details: 'stop',
    usage: 'usage',
    container: 'extras',
    diagnostics: 'extras',
    context_management: 'extras',
    input_transformations: 'extras',
  },
  stop_details: {
    type: 'implied',
    category: 'stop.category',
    explanation: 'stop.explanation',
    fallback_credit_token: 'dropped',
    fallback_has_prefill_claim: 'dropped',
    recommended_model: 'dropped',
  },
  usage: {
    input_tokens: 'usage.inputTokens',
    cache_read_input_tokens: 'usage.cacheReadTokens',
    cache_creation_input_tokens: 'usage.cacheWriteTokens',
    cache_creation: 'usage.cacheWriteHourTokens',
    output_tokens: 'usage.outputTokens',
    output_tokens_details: 'usage.thinkingTokens',
    server_tool_use: 'extras',
    service_tier: 'extras',
    inference_geo: 'extras',
    speed: 'extras',
    fallback_credit: 'extras',
    iterations: 'extras',
  },
  delta: {
    text_delta: 'text-delta',
    input_json_delta: 'input-delta',
    thinking_delta: 'thinking-delta',
    signature_delta: 'signature',
    citations_delta: 'citation',
    compaction_delta: 'block-start',
  },
  event: {
    message_start: 'start',
    content_block_start: 'block-start',
    content_block_delta: 'delta',
    content_block_stop: 'block-end',
    message_delta: 'end',
    message_stop: 'implied',
    ping: 'implied',
    error: 'ModelError',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

/** Blocks that only Anthropic's own servers act on: kept verbatim in a conversation. */
export const opaqueBlockTypes = [
  'server_tool_use',
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'advisor_tool_result',
  'mcp_tool_use',
  'mcp_tool_result',
  'mcp_tool_listing',
  'container_upload',
  'compaction',
  'fallback',
  'tool_addition',
  'tool_removal',
] as const

/** The same for what a tool gave back. */
export const opaqueResultTypes = ['tool_reference', 'browser_state'] as const

/* Aliases rather than interfaces: only they are seen to be JSON objects. */

export type WireUsage = {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly cache_creation: {
    readonly ephemeral_5m_input_tokens: number
    readonly ephemeral_1h_input_tokens: number
  } | null
  readonly output_tokens: number
  readonly output_tokens_details: { readonly thinking_tokens: number } | null
  readonly server_tool_use: null
  readonly service_tier: null
  readonly inference_geo: null
  readonly speed: null
}

/** Counts so far. `cache_creation` is there only where it is known. */
export type WireDeltaUsage = {
  readonly input_tokens: number | null
  readonly cache_creation_input_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly cache_creation?: NonNullable<WireUsage['cache_creation']>
  readonly output_tokens: number
  readonly output_tokens_details: { readonly thinking_tokens: number } | null
  readonly server_tool_use: null
}

/** A block at its beginning, or whole. `citations` is left out where there are none: some clients refuse a null. */
export type WireBlock =
  | { readonly type: 'text'; readonly text: string; readonly citations?: readonly JsonObject[] }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | {
      readonly type: 'tool_use'
      readonly id: string
      readonly name: string
      readonly input: Json
      readonly caller: { readonly type: 'direct' }
    }

export type WireStopReason =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'
  | 'compaction'

export type WireStop = {
  readonly stop_reason: WireStopReason | null
  readonly stop_sequence: string | null
  readonly stop_details: {
    readonly type: 'refusal'
    readonly category: string | null
    readonly explanation: string | null
  } | null
}

export type WireMessage = WireStop & {
  readonly id: string
  readonly type: 'message'
  readonly role: 'assistant'
  readonly model: string
  readonly content: readonly (WireBlock | JsonObject)[]
  readonly container: null
  readonly diagnostics: null
  readonly usage: WireUsage
}

export type WireDelta =
  | { readonly type: 'text_delta'; readonly text: string }
  | { readonly type: 'input_json_delta'; readonly partial_json: string }
  | { readonly type: 'thinking_delta'; readonly thinking: string }
  | { readonly type: 'signature_delta'; readonly signature: string }
  | { readonly type: 'citations_delta'; readonly citation: JsonObject }
  | { readonly type: 'compaction_delta'; readonly content: Json; readonly encrypted_content: Json }

export type WireEvent =
  | { readonly type: 'message_start'; readonly message: WireMessage }
  | { readonly type: 'content_block_start'; readonly index: number; readonly content_block: WireBlock | JsonObject }
  | { readonly type: 'content_block_delta'; readonly index: number; readonly delta: WireDelta }
  | { readonly type: 'content_block_stop'; readonly index: number }
  | {
      readonly type: 'message_delta'
      readonly delta: WireStop & { readonly container: null }
      readonly usage: WireDeltaUsage
    }
  | { readonly type: 'message_stop' }
  | { readonly type: 'ping' }

export type WireError = {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string; readonly details?: JsonObject }
  readonly request_id: string
}
