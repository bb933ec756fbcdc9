/**
 * What became of a prompt's beginning: how much of it was reused, and why not more.
 * The texts of `difference` are the conversation's own, so they are for the client who asks, never for a log.
 */
export interface CacheReport {
  readonly promptTokens: number
  /** Tokens that needed no evaluation, wherever they came from. */
  readonly reusedTokens: number
  /** The part of `reusedTokens` that was brought back from the archive. */
  readonly restoredTokens: number
  /** The part of `reusedTokens` that another prompt read while this one waited for it; absent where it waited for none. */
  readonly awaitedTokens?: number
  readonly outcome: CacheOutcome
  readonly difference?: CacheDifference
}

/**
 * Why a prompt was reused as far as it was: `reused`, as far as it is the same as before;
 * `differs`, up to its first token that differs; `whole-pieces`, only what gives the same answer again;
 * `checkpoint`, up to the last place that this model can go back to; `cannot-cut`, since there is no such place before
 * the first token that differs; `being-read`, since another request's prompt had not got further;
 * `pushed-out`, by other conversations; `not-worthwhile`, since evaluating was faster than bringing back; `measured`, since each of its tokens was to be
 * measured; `nothing-kept`, nothing like it was there.
 */
export type CacheOutcome =
  | 'reused'
  | 'differs'
  | 'whole-pieces'
  | 'checkpoint'
  | 'cannot-cut'
  | 'being-read'
  | 'pushed-out'
  | 'not-worthwhile'
  | 'measured'
  | 'nothing-kept'

/** Where a prompt departs from the nearest one that was kept. */
export interface CacheDifference {
  /** The first token that differs, counted from zero. */
  readonly token: number
  /** The tokens that the kept prompt goes on with from there, and that were lost. */
  readonly lostTokens: number
  /** The block of the request that it lies in, such as `messages.2.content.0`. */
  readonly place: string
  /** The text before it. */
  readonly before: string
  /** How this prompt goes on. */
  readonly asked: string
  /** How the kept one went on. It may be another client's. */
  readonly kept?: string
}
