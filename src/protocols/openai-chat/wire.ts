import type { JsonObject } from '../../core/json.ts'
import type { ErrorObject } from '../openai-error-words.ts'
import type { LogprobEntry } from '../openai-logprobs.ts'
import type { CompletionUsage } from '../openai-usage.ts'

// Aliases, not interfaces: only an alias is known to have no other fields, and so to be a `JsonObject`.

/** A body of `POST /v1/chat/completions`. Fields that servers other than OpenAI's added stand at the end. */
export type ChatRequest = {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly stream?: boolean | null
  readonly stream_options?: StreamOptions | null
  readonly max_completion_tokens?: number | null
  readonly max_tokens?: number | null
  readonly stop?: string | readonly string[] | null
  readonly temperature?: number | null
  readonly top_p?: number | null
  readonly frequency_penalty?: number | null
  readonly presence_penalty?: number | null
  readonly logit_bias?: Readonly<Record<string, number>> | null
  readonly seed?: number | null
  readonly n?: number | null
  readonly logprobs?: boolean | null
  readonly top_logprobs?: number | null
  readonly tools?: readonly (FunctionTool | CustomTool)[] | null
  readonly tool_choice?: ToolChoiceOption | null
  readonly parallel_tool_calls?: boolean | null
  readonly functions?: readonly FunctionDefinition[] | null
  readonly function_call?: string | JsonObject | null
  readonly response_format?: ResponseFormatOption | null
  readonly reasoning_effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null
  readonly verbosity?: 'low' | 'medium' | 'high' | null
  readonly modalities?: readonly ('text' | 'audio')[] | null
  readonly audio?: JsonObject | null
  readonly prediction?: JsonObject | null
  readonly metadata?: JsonObject | null
  readonly user?: string | null
  readonly safety_identifier?: string | null
  readonly prompt_cache_key?: string | null
  readonly prompt_cache_options?: JsonObject | null
  readonly prompt_cache_retention?: string | null
  readonly service_tier?: string | null
  readonly store?: boolean | null
  readonly moderation?: JsonObject | null
  readonly web_search_options?: JsonObject | null
  readonly top_k?: number | null
  readonly min_p?: number | null
}

export type StreamOptions = { readonly include_usage?: boolean; readonly include_obfuscation?: boolean }

export type FunctionDefinition = {
  readonly name: string
  readonly description?: string
  readonly parameters?: JsonObject
  readonly strict?: boolean | null
}

export type FunctionTool = { readonly type: 'function'; readonly function: FunctionDefinition }

export type CustomTool = { readonly type: 'custom'; readonly custom: JsonObject & { readonly name: string } }

export type NamedTool = { readonly type: 'function'; readonly function: { readonly name: string } }

export type ToolChoiceOption =
  | 'none'
  | 'auto'
  | 'required'
  | NamedTool
  | { readonly type: 'custom'; readonly custom: { readonly name: string } }
  | {
      readonly type: 'allowed_tools'
      readonly allowed_tools: { readonly mode: 'auto' | 'required'; readonly tools: readonly JsonObject[] }
    }

export type ResponseFormatOption =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly json_schema: {
        readonly name: string
        readonly description?: string
        readonly schema?: JsonObject
        readonly strict?: boolean | null
      }
    }

export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage

export type SystemMessage = {
  readonly role: 'system' | 'developer'
  readonly content: string | readonly TextPart[]
  readonly name?: string
}

export type UserMessage = {
  readonly role: 'user'
  readonly content: string | readonly ContentPart[]
  readonly name?: string
}

export type AssistantMessage = {
  readonly role: 'assistant'
  readonly content?: string | readonly (TextPart | RefusalPart)[] | null
  readonly refusal?: string | null
  readonly reasoning_content?: string | null
  /** The word of OpenRouter and newer vLLM for `reasoning_content`. */
  readonly reasoning?: string | null
  readonly tool_calls?: readonly FunctionToolCall[]
  readonly function_call?: { readonly name: string; readonly arguments: string } | null
  readonly audio?: { readonly id: string } | null
  readonly name?: string
}

export type ToolMessage = {
  readonly role: 'tool'
  readonly content: string | readonly TextPart[]
  readonly tool_call_id: string
}

export type FunctionMessage = { readonly role: 'function'; readonly content: string | null; readonly name: string }

export type ContentPart = TextPart | ImagePart | AudioPart | FilePart

type CacheMark = { readonly mode: 'explicit'; readonly ttl?: '30m' | '12h' }

export type TextPart = {
  readonly type: 'text'
  readonly text: string
  readonly prompt_cache_breakpoint?: CacheMark
}

export type ImagePart = {
  readonly type: 'image_url'
  readonly image_url: { readonly url: string; readonly detail?: 'auto' | 'low' | 'high' | 'original' }
  readonly prompt_cache_breakpoint?: CacheMark
}

export type AudioPart = {
  readonly type: 'input_audio'
  readonly input_audio: { readonly data: string; readonly format: 'wav' | 'mp3' }
  readonly prompt_cache_breakpoint?: CacheMark
}

export type FilePart = {
  readonly type: 'file'
  readonly file: { readonly file_data?: string; readonly file_id?: string; readonly filename?: string }
  readonly prompt_cache_breakpoint?: CacheMark
}

export type RefusalPart = { readonly type: 'refusal'; readonly refusal: string }

export type FunctionToolCall = {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** A whole answer. */
export type ChatCompletion = {
  readonly id: string
  readonly object: 'chat.completion'
  readonly created: number
  readonly model: string
  readonly choices: readonly Choice[]
  readonly usage?: CompletionUsage
  readonly system_fingerprint?: string
}

export type Choice = {
  readonly index: number
  readonly message: AnswerMessage
  readonly logprobs: ChoiceLogprobs | null
  readonly finish_reason: FinishReason
  /** Which stop sequence matched, in the word that vLLM uses; not OpenAI's. Absent where none did. */
  readonly stop_reason?: string
}

export type AnswerMessage = {
  readonly role: 'assistant'
  readonly content: string | null
  readonly refusal: string | null
  /** The model's reasoning, in the word that DeepSeek introduced; not OpenAI's. */
  readonly reasoning_content?: string
  readonly tool_calls?: FunctionToolCall[]
}

/** A part of a streamed answer. */
export type ChatChunk = {
  readonly id: string
  readonly object: 'chat.completion.chunk'
  readonly created: number
  readonly model: string
  readonly choices: readonly ChunkChoice[]
  readonly usage?: CompletionUsage | null
  readonly system_fingerprint?: string
}

export type ChunkChoice = {
  readonly index: number
  readonly delta: Delta
  readonly logprobs: ChoiceLogprobs | null
  readonly finish_reason: FinishReason | null
  readonly stop_reason?: string
}

export type Delta = {
  readonly role?: 'assistant'
  readonly content?: string
  readonly refusal?: string
  readonly reasoning_content?: string
  readonly tool_calls?: readonly ToolCallDelta[]
}

export type ToolCallDelta = {
  readonly index: number
  readonly id?: string
  readonly type?: 'function'
  readonly function: { readonly name?: string; readonly arguments: string }
}

export type ChoiceLogprobs = {
  readonly content: readonly LogprobEntry[] | null
  readonly refusal: readonly LogprobEntry[] | null
}

/** The fields of a type that is one of several. */
type Keys<T> = T extends unknown ? keyof T : never
type Places<T> = Readonly<Record<Extract<Keys<T>, string>, string>>

type WireTypes = {
  request: ChatRequest
  stream_options: StreamOptions
  system_message: SystemMessage
  user_message: UserMessage
  assistant_message: AssistantMessage
  tool_message: ToolMessage
  function_message: FunctionMessage
  text_part: TextPart
  image_part: ImagePart
  image_url: ImagePart['image_url']
  audio_part: AudioPart
  file_part: FilePart
  file: FilePart['file']
  refusal_part: RefusalPart
  tool: FunctionTool | CustomTool
  function: FunctionDefinition
  tool_call: FunctionToolCall
  called_function: FunctionToolCall['function']
  tool_choice: Exclude<ToolChoiceOption, string>
  response_format: ResponseFormatOption
  json_schema: Extract<ResponseFormatOption, { json_schema: unknown }>['json_schema']
  completion: ChatCompletion
  choice: Choice
  answer_message: AnswerMessage
  chunk: ChatChunk
  chunk_choice: ChunkChoice
  delta: Delta
  tool_call_delta: ToolCallDelta
  logprobs: ChoiceLogprobs
  token: LogprobEntry
  usage: CompletionUsage
  prompt_tokens_details: NonNullable<CompletionUsage['prompt_tokens_details']>
  completion_tokens_details: NonNullable<CompletionUsage['completion_tokens_details']>
  error: ErrorObject
}

/**
 * Every field of the wire, by the object that holds it, and where it goes: a neutral field, `extras`
 * (kept verbatim, for this protocol alone), `400` (refused), `implied` (it follows from something else)
 * or `ignored` (it changes nothing here).
 * The request decoder keeps in `extras` what it does not know, too.
 */
export const wireFields = {
  request: {
    model: 'model',
    messages: 'messages',
    stream: 'isStreaming',
    stream_options: 'includesUsage',
    max_completion_tokens: 'maxTokens',
    max_tokens: 'maxTokens',
    stop: 'stopSequences',
    temperature: 'sampling.temperature',
    top_p: 'sampling.topP',
    top_k: 'sampling.topK',
    min_p: 'sampling.minP',
    frequency_penalty: 'sampling.frequencyPenalty',
    presence_penalty: 'sampling.presencePenalty',
    logit_bias: 'sampling.logitBias',
    seed: 'sampling.seed',
    n: '400',
    logprobs: 'topLogprobs',
    top_logprobs: 'topLogprobs',
    tools: 'tools',
    tool_choice: 'toolChoice',
    parallel_tool_calls: 'toolChoice.isParallel',
    functions: '400',
    function_call: '400',
    response_format: 'responseFormat',
    reasoning_effort: 'effort',
    verbosity: 'extras',
    modalities: 'extras',
    audio: 'extras',
    prediction: 'extras',
    metadata: 'metadata',
    user: 'userId',
    safety_identifier: 'extras',
    prompt_cache_key: 'cacheKey',
    prompt_cache_options: 'extras',
    prompt_cache_retention: 'extras',
    service_tier: 'extras',
    store: 'extras',
    moderation: 'extras',
    web_search_options: 'extras',
  },
  stream_options: { include_usage: 'includesUsage', include_obfuscation: 'ignored' },
  system_message: { role: 'system', content: 'system', name: 'extras' },
  user_message: { role: 'role', content: 'content', name: 'extras' },
  assistant_message: {
    role: 'role',
    content: 'content',
    refusal: 'content',
    reasoning_content: 'content',
    reasoning: 'content',
    tool_calls: 'content',
    function_call: 'content',
    audio: '400',
    name: 'extras',
  },
  tool_message: { role: 'role', content: 'content', tool_call_id: 'callId' },
  function_message: { role: 'role', content: 'content', name: 'callId' },
  text_part: { type: 'type', text: 'text', prompt_cache_breakpoint: 'extras' },
  image_part: { type: 'type', image_url: 'source', prompt_cache_breakpoint: 'extras' },
  image_url: { url: 'source', detail: 'detail' },
  audio_part: { type: 'extras', input_audio: 'extras', prompt_cache_breakpoint: 'extras' },
  file_part: { type: 'type', file: 'source', prompt_cache_breakpoint: 'extras' },
  file: { file_data: 'source', file_id: 'source.fileId', filename: 'title' },
  refusal_part: { type: 'extras', refusal: 'text' },
  tool: { type: 'implied', function: 'tools', custom: '400' },
  function: { name: 'name', description: 'description', parameters: 'inputSchema', strict: 'isStrict' },
  tool_call: { id: 'id', type: 'implied', function: 'content' },
  called_function: { name: 'name', arguments: 'input' },
  tool_choice: { type: 'toolChoice.type', function: 'toolChoice.name', custom: '400', allowed_tools: 'tools' },
  response_format: { type: 'responseFormat.type', json_schema: 'responseFormat' },
  json_schema: {
    name: 'responseFormat.name',
    description: 'responseFormat.description',
    schema: 'responseFormat.schema',
    strict: 'responseFormat.isStrict',
  },
  completion: {
    id: 'id',
    object: 'implied',
    created: 'implied',
    model: 'model',
    choices: 'blocks',
    usage: 'usage',
    system_fingerprint: 'extras',
  },
  choice: {
    index: 'implied',
    message: 'blocks',
    logprobs: 'logprobs',
    finish_reason: 'stop.reason',
    stop_reason: 'stop.sequence',
  },
  answer_message: {
    role: 'implied',
    content: 'text',
    refusal: 'stop.explanation',
    reasoning_content: 'thinking',
    tool_calls: 'tool-call',
  },
  chunk: {
    id: 'id',
    object: 'implied',
    created: 'implied',
    model: 'model',
    choices: 'blocks',
    usage: 'usage',
    system_fingerprint: 'extras',
  },
  chunk_choice: {
    index: 'implied',
    delta: 'blocks',
    logprobs: 'logprobs',
    finish_reason: 'stop.reason',
    stop_reason: 'stop.sequence',
  },
  delta: {
    role: 'implied',
    content: 'text-delta',
    refusal: 'stop.explanation',
    reasoning_content: 'thinking-delta',
    tool_calls: 'input-delta',
  },
  tool_call_delta: { index: 'implied', id: 'id', type: 'implied', function: 'input-delta' },
  logprobs: { content: 'logprobs', refusal: 'implied' },
  token: { token: 'token', logprob: 'logprob', bytes: 'bytes', top_logprobs: 'top' },
  usage: {
    prompt_tokens: 'usage.inputTokens',
    completion_tokens: 'usage.outputTokens',
    total_tokens: 'implied',
    prompt_tokens_details: 'usage',
    completion_tokens_details: 'usage',
  },
  prompt_tokens_details: { cached_tokens: 'usage.cacheReadTokens', cache_write_tokens: 'usage.cacheWriteTokens' },
  completion_tokens_details: { reasoning_tokens: 'usage.thinkingTokens' },
  error: { message: 'message', type: 'kind', param: 'field', code: 'code' },
} as const satisfies { readonly [Group in keyof WireTypes]: Places<WireTypes[Group]> }
