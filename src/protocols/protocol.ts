import type { Answer } from '../core/collect.ts'
import type { ModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { ProtocolId } from '../core/extras.ts'
import type { JsonObject } from '../core/json.ts'
import type { Loss } from '../core/loss.ts'
import type { ModelRequest } from '../core/request.ts'
import type { SseFrame } from './sse.ts'

/** One wire format in its four halves: requests and answers, as a server reads and writes them and as a client does. */
export interface Protocol {
  readonly id: ProtocolId
  readonly server: ServerCodec
  readonly client: ClientCodec
}

/** What the headers of a request say about how its body is to be read. Names are in lower case. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>

/** A request as the client asked for it, with how it wants the answer spoken. */
export interface DecodedRequest {
  readonly request: ModelRequest
  readonly isStreaming: boolean
  /** Whether a stream states its token counts. */
  readonly includesUsage: boolean
  /** What the answer repeats of the request, in the protocol that does so. */
  readonly echo?: JsonObject
}

/** What an answer carries that the model did not write. */
export interface ReplyContext {
  /** The id that the client sees in place of the backend's own. */
  readonly responseId: string
  readonly requestId: string
  /** Seconds since 1970. */
  readonly created: number
  readonly includesUsage: boolean
  readonly echo?: JsonObject
}

/** One stream to a client, in a protocol whose frames depend on those before them. */
export interface OpenStream {
  /** Whether anything of a response was said. */
  readonly hasBegun: boolean
  /** Speaks an answer. A failure of `events` is thrown on, for `fail`. */
  encode(events: ModelStream): AsyncGenerator<SseFrame>
  /** Takes note of frames that go to the client as another server wrote them. */
  pass(bytes: Uint8Array): void
  /** What is sent while there is nothing to say. */
  keepAlive(): readonly SseFrame[]
  /** The frames that tell of a failure. Nothing follows them. */
  fail(error: ModelError): readonly SseFrame[]
}

/** A failure in a protocol's own words. */
export interface EncodedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

/** Speaks a protocol as a server does. Pure: the same input gives the same output. */
export interface ServerCodec {
  /** Reads a request body that `JSON.parse` gave. Throws `invalid-request`, naming the field. */
  decodeRequest(body: unknown, headers: RequestHeaders): DecodedRequest
  /** Reads a body that asks only for its input to be counted. Throws `invalid-request`, naming the field. */
  decodeCountRequest?(body: unknown, headers: RequestHeaders): ModelRequest
  /** Speaks an answer as server-sent events. A failure of `events` is thrown on, for `encodeStreamError`. */
  encodeStream(events: ModelStream, context: ReplyContext): AsyncGenerator<SseFrame>
  /** Opens a stream, where what is said depends on what was: in place of `encodeStream` and the two frames below. */
  openStream?(context: ReplyContext): OpenStream
  encodeAnswer(answer: Answer, context: ReplyContext): JsonObject
  encodeError(error: ModelError, requestId: string): EncodedError
  /** The frame that tells of a failure after the stream began. Nothing follows it. */
  encodeStreamError(error: ModelError, requestId: string): SseFrame
  /** Whether the client sees something in this event that it could not unsee. */
  isVisible(event: ModelEvent): boolean
  /** What is sent while there is nothing to say. */
  readonly keepAlive: SseFrame
  /** Gives an id as this protocol writes it for a new answer. `unique` is URL-safe text. */
  responseId(unique: string): string
}

/** A request as it goes to an upstream. */
export interface EncodedRequest {
  readonly body: JsonObject
  readonly headers: Readonly<Record<string, string>>
  readonly losses: readonly Loss[]
}

/**
 * How an upstream differs from the owner of the protocol that it speaks. What is absent is as the owner has it, and
 * a protocol that has no such matter passes over the flag. Only requests need flags: answers are read in every form.
 */
export interface Compat {
  /** Fields of the body, in the wire's words, that the upstream refuses. They are left out. */
  readonly omittedFields?: readonly string[]
  /** The field that limits a Chat answer. Many servers know only the older name, `max_tokens`. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** The role that Chat's `developer` messages are given where the upstream does not know it. */
  readonly developerRole?: 'system'
  /** The field of a Chat message that takes earlier reasoning back; `reasoning_content` where nothing is said. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'none'
  /** Whether a Messages upstream takes back reasoning that it never signed. */
  readonly unsignedReasoning?: 'accepted'
  /** Whether an assistant message with tool calls must have `reasoningField`, were it empty. */
  readonly requiresReasoning?: boolean
  /**
   * How a Chat upstream is told whether and how hard to reason: `reasoning_effort`, an object `reasoning`, an object
   * `thinking` with a type, or `chat_template_kwargs.enable_thinking`.
   */
  readonly thinkingControl?: 'effort' | 'reasoning-object' | 'thinking-type' | 'template-switch' | 'none'
  readonly seedField?: 'seed' | 'random_seed'
  /** What the upstream takes of sampling beyond OpenAI's fields, as `top_k` and `min_p`. */
  readonly extraSampling?: readonly ('topK' | 'minP')[]
  /** Whether text parts may carry Anthropic's `cache_control`. */
  readonly cacheMarks?: 'cache_control'
  /** The form that ids of tool calls must have: nine letters and digits. */
  readonly callIds?: 'nine-alphanumerics'
  /** Whether a tool choice is a word only. One tool is then chosen by offering no other. */
  readonly toolChoice?: 'words'
  /** Whether messages that have only text must have it as a string. */
  readonly textContent?: 'string'
  /** Whether an assistant message must stand between tool results and a user message. */
  readonly afterToolResults?: 'assistant'
  /** How an answer is held to a JSON schema where `response_format` cannot: the schema is told in a system message. */
  readonly jsonSchema?: 'prompted'
  /** How the upstream is told to go on from a last assistant message: a field of it, or fields of the body. */
  readonly prefill?: 'prefix' | 'continue-final-message'
}

/** Speaks a protocol as a client does. Pure: the same input gives the same output. */
export interface ClientCodec {
  /** Says a request, in the way of the upstream that `compat` describes. */
  encodeRequest(decoded: Pick<DecodedRequest, 'request' | 'isStreaming'>, compat?: Compat): EncodedRequest
  /** Reads an upstream's server-sent events. Throws a `ModelError` for what is not an answer. */
  decodeStream(frames: AsyncIterable<SseFrame>): AsyncGenerator<ModelEvent>
  /** Reads a whole answer. Throws `unavailable` for what is not one. */
  decodeAnswer(body: unknown): Answer
  /** Reads a failed reply: its status, headers (lower case) and body, parsed where it was JSON. */
  decodeError(status: number, headers: RequestHeaders, body: unknown): ModelError
}
