/** How much is kept of answers, and how long after their last use; 0 keeps none. */
export interface ResponseLimits {
  readonly mostAgeMs: number
  readonly mostBytes: number
  readonly mostRows: number
}

const dayMs = 86_400_000

export const defaultResponseLimits: ResponseLimits = { mostAgeMs: 30 * dayMs, mostBytes: 2 ** 30, mostRows: 100_000 }
