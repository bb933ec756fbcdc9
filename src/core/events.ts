import type { CacheReport } from './cache-report.ts'
import type { OutputBlock } from './content.ts'
import type { Extras, ProtocolId } from './extras.ts'
import type { JsonObject } from './json.ts'
import type { Loss } from './loss.ts'
import type { Stop } from './stop.ts'
import type { Usage } from './usage.ts'

/** How likely a token was, and the likeliest others in its place. `logprob` is a natural logarithm. */
export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes?: readonly number[]
  readonly top?: readonly Omit<TokenLogprob, 'top'>[]
}

/**
 * One step of an answer. A stream is `start (block-start delta* block-end)* end`, block indices count up from zero,
 * one block is open at a time, and each delta names the open block.
 * The last known value of each count in `usage` holds. A failure is thrown as a `ModelError`; it is never an event.
 */
export type ModelEvent =
  | {
      readonly type: 'start'
      readonly id: string
      readonly model: string
      readonly usage: Usage
      readonly losses?: readonly Loss[]
      /** What became of the prompt in the cache, where the backend can say it. */
      readonly cache?: CacheReport
      readonly extras?: Extras
    }
  | { readonly type: 'block-start'; readonly index: number; readonly block: OutputBlock }
  | {
      readonly type: 'text-delta'
      readonly index: number
      readonly text: string
      readonly logprobs?: readonly TokenLogprob[]
    }
  | { readonly type: 'thinking-delta'; readonly index: number; readonly text: string }
  | { readonly type: 'signature'; readonly index: number; readonly signature: string }
  | { readonly type: 'input-delta'; readonly index: number; readonly json: string }
  | { readonly type: 'citation'; readonly index: number; readonly protocol: ProtocolId; readonly value: JsonObject }
  | { readonly type: 'block-end'; readonly index: number }
  | {
      readonly type: 'end'
      readonly stop: Stop
      readonly usage: Usage
      /** What only the written answer shows, besides those of the start. */
      readonly losses?: readonly Loss[]
      readonly extras?: Extras
    }

export type ModelStream = AsyncIterable<ModelEvent>
