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
}

/** What an answer carries that the model did not write. */
export interface ReplyContext {
  /** The id that the client sees in place of the backend's own. */
  readonly responseId: string
  readonly requestId: string
  /** Seconds since 1970. */
  readonly created: number
  readonly includesUsage: boolean
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

/** Speaks a protocol as a client does. Pure: the same input gives the same output. */
export interface ClientCodec {
  encodeRequest(decoded: Pick<DecodedRequest, 'request' | 'isStreaming'>): EncodedRequest
  /** Reads an upstream's server-sent events. Throws a `ModelError` for what is not an answer. */
  decodeStream(frames: AsyncIterable<SseFrame>): AsyncGenerator<ModelEvent>
  /** Reads a whole answer. Throws `unavailable` for what is not one. */
  decodeAnswer(body: unknown): Answer
  /** Reads a failed reply: its status, headers (lower case) and body, parsed where it was JSON. */
  decodeError(status: number, headers: RequestHeaders, body: unknown): ModelError
}
