import type { CompletionRequest } from './completion.ts'
import type { ModelEvent, ModelStream } from './events.ts'
import type { ProtocolId } from './extras.ts'
import type { Loss } from './loss.ts'
import type { ModelRequest } from './request.ts'

/** Anything that can answer a request: the embedded engine, or a provider over HTTP. */
export interface Backend {
  readonly name: string
  /** Whether the request stays on machines that the owner marked as their own. */
  readonly isLocal: boolean
  /** Whether a model of a local backend stays there too; absent where all of them do. */
  isLocalModel?(model: string): boolean
  /** Says what of a request could not be told to its model, before anything is sent; absent where nobody can know. */
  losses?(request: ModelRequest): readonly Loss[]
  /**
   * Answers a request. Nothing happens before the first `next()`; `return()` or an aborted signal frees
   * whatever the answer holds. Throws a `ModelError`.
   */
  stream(request: ModelRequest, signal: AbortSignal): ModelStream
  /** Goes on from raw text, as `stream` answers a conversation. Throws a `ModelError`. */
  complete?(request: CompletionRequest, signal: AbortSignal): ModelStream
  /** Gives the `inputTokens` that the same request then reports. Throws a `ModelError`. */
  countTokens?(request: ModelRequest, signal: AbortSignal): Promise<number>
  /** Gives one vector for each text, in their order, with the tokens read. Throws a `ModelError`. */
  embed?(request: EmbedRequest, signal: AbortSignal): Promise<Embeddings>
  /** Says how well each document answers a query, in their order, with the tokens read. Throws a `ModelError`. */
  rerank?(request: RerankRequest, signal: AbortSignal): Promise<Ranking>
  /**
   * Passes a whole exchange on, byte for byte but for model and key, to an upstream of the client's own protocol.
   * Absent, or false from `relays`, where that cannot be. Nothing happens before the first `next()`. Throws a
   * `ModelError` as `stream` does.
   */
  relay?(request: RelayRequest, signal: AbortSignal): AsyncIterable<RelayedPiece>
  /** Whether this request, as it came, can be relayed: nothing but model and key would change, and its cost is told. */
  relays?(came: CameAs, request: ModelRequest): boolean
  /**
   * The same backend for requests that must not leave the owner's machines: whom it asks is told nothing by which a
   * client could have them sent on. Absent where it asks nobody.
   */
  readonly homebound?: Backend
  /** Says how a model fares there at this moment, without asking anybody; absent where nothing is known. */
  outlook?(model: string): Outlook | undefined
  /**
   * Says what part of a conversation its model has likely not read yet, from 0 to 1: an estimate from the conversations
   * that it read of late. Absent where nobody can know.
   */
  unreadShare?(request: ModelRequest): number
}

/** A request as its client sent it. */
export interface RelayRequest {
  readonly protocol: ProtocolId
  /** The name that the upstream knows the model by. */
  readonly model: string
  readonly isStreaming: boolean
  /** Whether the client asked to be told what the answer costs, or is told in any case. */
  readonly includesUsage: boolean
  readonly body: Uint8Array
  /** The client's headers, names in lower case; which of them go through is the backend's own knowledge. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Who sent it, as the server tells its clients apart; says nothing else. */
  readonly client: string
}

/** In which words a request came, and in which form its answer is wanted. */
export type CameAs = Pick<RelayRequest, 'protocol' | 'isStreaming' | 'includesUsage'>

/** A piece of a relayed answer: its bytes, and what they tell. */
export interface RelayedPiece {
  readonly bytes: Uint8Array
  readonly events: readonly ModelEvent[]
}

/** What can be expected of a model at a backend. An absent claim is unknown. */
export interface Outlook {
  /** `no-room`: it is not loaded, and cannot be before others give memory back. */
  readonly state?: 'ready' | 'loading' | 'no-room' | 'absent' | 'unavailable'
  /** Requests that wait for their turn. */
  readonly waiting?: number
  /** How long a request that comes now would wait for its turn. */
  readonly estimatedWaitMs?: number
  /** Prompt tokens that are read in a second, as it went of late. */
  readonly promptTokensPerSecond?: number
  /** The prompts that are being read, and how many tokens of them are left. */
  readonly reading?: { readonly prompts: number; readonly tokens: number }
  /** Of a model without room: what it takes at least, and what can be had now. */
  readonly memory?: { readonly neededBytes: number; readonly freeBytes: number }
  /** Tokens of prompt and answer together. */
  readonly contextTokens?: number
}

export interface EmbedRequest {
  readonly model: string
  readonly texts: readonly string[]
  readonly dimensions?: number
}

export interface Embeddings {
  readonly vectors: readonly Float32Array[]
  readonly inputTokens: number
}

export interface RerankRequest {
  readonly model: string
  readonly query: string
  readonly documents: readonly string[]
}

export interface Ranking {
  /** From 0, no answer at all, to 1. */
  readonly scores: readonly number[]
  readonly inputTokens: number
}
