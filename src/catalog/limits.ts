/** How long and how much a download may take before it is given up. */
export interface DownloadLimits {
  readonly connectTimeoutMs: number
  /** The longest silence, before the first byte and between two. */
  readonly idleTimeoutMs: number
  /** Attempts in a row that bring no byte. */
  readonly attempts: number
  /** Attempts of one download, those that bring something too. */
  readonly attemptsInAll: number
  /** The first pause between two attempts; each further one is twice as long. */
  readonly retryDelayMs: number
  readonly maxRetryDelayMs: number
  /** The longest file that is accepted where the source does not announce a length. */
  readonly maxBytes: number
}

export const defaultLimits: DownloadLimits = {
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
  attempts: 5,
  attemptsInAll: 1000,
  retryDelayMs: 500,
  maxRetryDelayMs: 30_000,
  maxBytes: 1024 ** 4,
}
