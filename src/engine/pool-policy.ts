/** What the owner wants of the pool. */
export interface PoolPolicy {
  /** How long a model without requests stays loaded. */
  readonly keepAliveMs: number
  /** The same for one model, where the owner says something else of it. */
  readonly keepAliveMsOf?: (model: string) => number | undefined
  /** Models that are never unloaded. */
  readonly pinned: readonly string[]
  /** Models that will surely be used, so that the first one leaves room for the others. */
  readonly expected: readonly string[]
  /** Memory for all models together; what is available, where it is absent. */
  readonly memoryBytes?: number
  /** How long a model waits for busy ones to make room, and then a request for a slot. */
  readonly queueTimeoutMs: number
}
