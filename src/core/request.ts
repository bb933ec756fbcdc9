import type { CacheBreakpoint, ContentBlock, TextBlock } from './content.ts'
import type { Extras, ProtocolId } from './extras.ts'
import type { JsonObject } from './json.ts'

/** One turn. A `system` turn in mid-conversation stays where the client put it. */
export interface Message {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: readonly ContentBlock[]
  readonly extras?: Extras
}

/** A function that the model may ask the client to run, or an opaque tool kept verbatim in `extras`. */
export interface Tool {
  readonly name: string
  readonly description?: string
  /** JSON Schema of the arguments. */
  readonly inputSchema: JsonObject
  /** Whether arguments must match the schema exactly. */
  readonly isStrict?: boolean
  readonly cache?: CacheBreakpoint
  readonly extras?: Extras
}

/** A tool that one protocol's servers run by themselves, in that protocol's own words. No other backend is told of it. */
export interface OpaqueTool {
  readonly protocol: ProtocolId
  readonly value: JsonObject
}

/** Whether and which tools must be called. `isParallel: false` allows one call a turn at most. */
export interface ToolChoice {
  readonly type: 'auto' | 'any' | 'none' | 'tool'
  /** The tool that must be called, where `type` is `tool`. */
  readonly name?: string
  readonly isParallel?: boolean
}

/** How the next token is drawn. What is absent is the backend's own choice. */
export interface Sampling {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly minP?: number
  readonly seed?: number
  readonly frequencyPenalty?: number
  readonly presencePenalty?: number
  /** Added to a token's logit, by token id. */
  readonly logitBias?: Readonly<Record<string, number>>
}

/** Whether the model reasons before it answers, and how the client sees it. */
export interface Thinking {
  readonly mode: 'enabled' | 'disabled' | 'adaptive' | 'between-tools'
  readonly budgetTokens?: number
  readonly display?: string
}

/** The shape that the answer's text must have. An absent format is plain text. */
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json-object' }
  | {
      readonly type: 'json-schema'
      readonly name?: string
      readonly description?: string
      readonly schema: JsonObject
      readonly isStrict?: boolean
    }

/** How hard the model should try. */
export type Effort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** The earlier turn that this request goes on from, kept by the server that answered it. */
export interface Continuation {
  readonly type: 'create' | 'continue'
  readonly previousId?: string
}

/** Who goes first where requests wait. The owner's rules give it, never the client's body. */
export type Priority = 'high' | 'normal' | 'low'

/** Who sends a request, as the server tells its clients apart. */
export interface Sender {
  /** The same for all that one client sends; it says nothing else. */
  readonly id: string
  /** Whether the client says that it sent this request before. */
  readonly isRetry: boolean
}

/** What a client asks of a model, in no protocol's terms. */
export interface ModelRequest {
  readonly model: string
  readonly system: readonly TextBlock[]
  readonly messages: readonly Message[]
  readonly tools?: readonly Tool[]
  readonly opaqueTools?: readonly OpaqueTool[]
  readonly toolChoice?: ToolChoice
  readonly sampling?: Sampling
  /** Zero asks only for the prompt to be read into the cache. Absent means: to the end of the context. */
  readonly maxTokens?: number
  readonly stopSequences?: readonly string[]
  readonly thinking?: Thinking
  readonly effort?: Effort
  readonly responseFormat?: ResponseFormat
  /** How many of the likeliest tokens to report at each step; absent means no log-probabilities. */
  readonly topLogprobs?: number
  readonly metadata?: JsonObject
  readonly userId?: string
  /** Keeps the whole prompt cached, as a breakpoint at its end would. */
  readonly cache?: CacheBreakpoint
  /** How long the client may go on from the end of the answer; a cache that can keeps prompt and answer for it. */
  readonly resumes?: CacheBreakpoint
  /** Names a prompt prefix that later requests share. */
  readonly cacheKey?: string
  readonly continuation?: Continuation
  /** Absent is `normal`. */
  readonly priority?: Priority
  /** Absent where clients cannot be told apart. */
  readonly sender?: Sender
  readonly extras?: Extras
}
