/**
 * Token counts of one answer. An absent count is unknown, which is not zero.
 * `inputTokens` is the whole prompt: new, read from the cache and written to it together.
 * `thinkingTokens` are part of `outputTokens`.
 */
export interface Usage {
  readonly inputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWriteTokens?: number
  /** The part of `cacheWriteTokens` that is kept for an hour. */
  readonly cacheWriteHourTokens?: number
  readonly outputTokens?: number
  readonly thinkingTokens?: number
}
