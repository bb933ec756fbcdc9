/** How much is kept of answers, and how long after their last use; 0 keeps none. */
export interface ResponseLimits {
  readonly mostAgeMs: number
  readonly mostBytes: number
  readonly mostRows: number
}

/** What one request may have read for it of what is stored: as much as its client could send itself. */
export const mostReadMebibytes = 32

const dayMs = 86_400_000

export const defaultResponseLimits: ResponseLimits = { mostAgeMs: 30 * dayMs, mostBytes: 2 ** 30, mostRows: 100_000 }
