import type { JsonObject } from '../../core/json.ts'

// Aliases, not interfaces: only an alias is known to have no other fields, and so to be a `JsonObject`.

/** A body of `POST /v1/responses`. */
export type ResponsesRequest = {
  readonly model: string
  readonly input: readonly JsonObject[]
  readonly instructions?: string
  readonly stream?: boolean
  readonly store?: boolean
  readonly include?: readonly string[]
  readonly previous_response_id?: string
  readonly tools?: readonly (FunctionTool | JsonObject)[]
  readonly tool_choice?: ToolChoiceOption
  readonly parallel_tool_calls?: boolean
  readonly temperature?: number
  readonly top_p?: number
  readonly max_output_tokens?: number
  readonly reasoning?: Reasoning
  readonly text?: JsonObject & { readonly format?: TextFormat }
  readonly top_logprobs?: number
  readonly metadata?: JsonObject
  readonly user?: string
  readonly prompt_cache_key?: string
}

export type FunctionTool = {
  readonly type: 'function'
  readonly name: string
  readonly description?: string
  readonly parameters: JsonObject
  readonly strict: boolean
}

export type ToolChoiceOption =
  | 'none'
  | 'auto'
  | 'required'
  | { readonly type: 'function' | 'custom'; readonly namespace?: string; readonly name: string }

export type Reasoning = {
  readonly effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'
  readonly summary?: 'auto' | 'concise' | 'detailed'
}

export type TextFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly name: string
      readonly description?: string
      readonly schema: JsonObject
      readonly strict: boolean
    }

export type InputPart = InputText | InputImage | InputFile

export type InputText = { readonly type: 'input_text'; readonly text: string }

export type InputImage = {
  readonly type: 'input_image'
  readonly detail: 'auto' | 'low' | 'high'
  readonly image_url?: string
  readonly file_id?: string
}

export type InputFile = {
  readonly type: 'input_file'
  readonly filename?: string
  readonly file_data?: string
  readonly file_url?: string
  readonly file_id?: string
}

export type OutputPart =
  | { readonly type: 'output_text'; readonly text: string; readonly annotations: readonly JsonObject[] }
  | { readonly type: 'refusal'; readonly refusal: string }

export type FunctionCallItem = {
  readonly type: 'function_call'
  readonly call_id: string
  readonly name: string
  readonly arguments: string
}

export type FunctionCallOutputItem = {
  readonly type: 'function_call_output'
  readonly call_id: string
  readonly output: string | readonly (InputPart | JsonObject)[]
}

export type ReasoningItem = {
  readonly type: 'reasoning'
  readonly id: string
  readonly summary: readonly { readonly type: 'summary_text'; readonly text: string }[]
  readonly content?: readonly { readonly type: 'reasoning_text'; readonly text: string }[]
  readonly encrypted_content?: string
}

/**
 * Every field of the wire that is sent or read, by the object that holds it, and where it goes or comes from: a neutral field,
 * `extras` (kept verbatim, for this protocol alone), `implied` (it follows from something else) or `ignored`.
 */
export const wireFields = {
  request: {
    model: 'model',
    input: 'messages',
    instructions: 'system',
    stream: 'isStreaming',
    stream_options: 'ignored',
    store: 'implied',
    include: 'implied',
    previous_response_id: 'messages',
    conversation: '400',
    tools: 'tools',
    tool_choice: 'toolChoice',
    parallel_tool_calls: 'toolChoice.isParallel',
    max_tool_calls: 'extras',
    temperature: 'sampling.temperature',
    top_p: 'sampling.topP',
    top_logprobs: 'topLogprobs',
    max_output_tokens: 'maxTokens',
    reasoning: 'thinking',
    text: 'responseFormat',
    metadata: 'metadata',
    user: 'userId',
    safety_identifier: 'extras',
    prompt_cache_key: 'cacheKey',
    prompt_cache_options: 'extras',
    prompt_cache_retention: 'extras',
    prompt: '400',
    service_tier: 'extras',
    truncation: 'extras',
    background: '400',
    context_management: 'extras',
    moderation: 'extras',
    access_programs: 'extras',
    image: 'extras',
  },
  reasoning: {
    effort: 'effort',
    summary: 'thinking',
    generate_summary: 'extras',
    context: 'extras',
    mode: 'extras',
  },
  function_tool: {
    type: 'implied',
    name: 'name',
    description: 'description',
    parameters: 'inputSchema',
    strict: 'isStrict',
    allowed_callers: 'extras',
    async: 'extras',
    defer_loading: 'extras',
    output_schema: 'extras',
  },
  message: {
    type: 'implied',
    role: 'role',
    content: 'content',
    phase: 'extras',
  },
  input_part: {
    input_text: 'text',
    input_image: 'image',
    input_file: 'document',
  },
  function_call: {
    type: 'implied',
    id: 'implied',
    call_id: 'id',
    name: 'name',
    arguments: 'input',
    status: 'ignored',
    caller: 'ignored',
    namespace: 'extras',
    async: 'ignored',
  },
  function_call_output: {
    type: 'implied',
    call_id: 'callId',
    output: 'content',
    id: 'implied',
    status: 'implied',
    caller: 'implied',
    name: 'implied',
    namespace: 'implied',
  },
  reasoning_item: {
    type: 'implied',
    id: 'signature',
    encrypted_content: 'signature',
    summary: 'thinking',
    content: 'thinking',
    status: 'ignored',
  },
  response: {
    id: 'id',
    model: 'model',
    status: 'stop.reason',
    incomplete_details: 'stop.reason',
    error: 'ModelError',
    output: 'blocks',
    usage: 'usage',
  },
  output: {
    message: 'text',
    function_call: 'tool-call',
    reasoning: 'thinking',
    custom_tool_call: 'opaque',
  },
  output_text: {
    type: 'implied',
    text: 'text',
    annotations: 'citation',
    logprobs: 'logprobs',
  },
  usage: {
    input_tokens: 'usage.inputTokens',
    input_tokens_details: 'usage',
    output_tokens: 'usage.outputTokens',
    output_tokens_details: 'usage.thinkingTokens',
    total_tokens: 'implied',
  },
  event: {
    'response.created': 'start',
    'response.queued': 'start',
    'response.in_progress': 'start',
    'response.output_item.added': 'block-start',
    'response.output_item.done': 'block-end',
    'response.content_part.added': 'ignored',
    'response.content_part.done': 'ignored',
    'response.output_text.delta': 'text-delta',
    'response.output_text.done': 'text-delta',
    'response.output_text.annotation.added': 'citation',
    'response.refusal.delta': 'stop.explanation',
    'response.refusal.done': 'stop.explanation',
    'response.function_call_arguments.delta': 'input-delta',
    'response.function_call_arguments.done': 'input-delta',
    'response.reasoning_summary_part.added': 'ignored',
    'response.reasoning_summary_part.done': 'ignored',
    'response.reasoning_summary_text.delta': 'thinking-delta',
    'response.reasoning_summary_text.done': 'thinking-delta',
    'response.reasoning_text.delta': 'thinking-delta',
    'response.reasoning_text.done': 'thinking-delta',
    'response.custom_tool_call_input.delta': 'ignored',
    'response.custom_tool_call_input.done': 'ignored',
    'response.completed': 'end',
    'response.incomplete': 'end',
    'response.failed': 'ModelError',
    error: 'ModelError',
    keepalive: 'ignored',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>
