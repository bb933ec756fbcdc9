/** What a pause depends on. */
export interface BackOffOptions {
  /** How many repetitions came before. */
  readonly before: number
  /** What the target asked for. */
  readonly retryAfterMs?: number | undefined
  /** A number from 0 up to 1. */
  readonly chance: number
}

const firstMs = 250
const mostMs = 4000
/* A client waits meanwhile: a target that wants more time than this is left for another. */
const mostAskedMs = 5000

/**
 * Gives how long to wait before a target is asked again: twice as long each time, spread by chance so that requests
 * that failed together do not come back together, and never shorter than the target asked for.
 * Gives nothing where it asked for more than a client is kept waiting.
 */
export function backOffMs({ before, retryAfterMs = 0, chance }: BackOffOptions): number | undefined {
  if (retryAfterMs > mostAskedMs) return undefined
  const spread = Math.min(mostMs, firstMs * 2 ** before) * (0.5 + chance / 2)
  return retryAfterMs > 0 ? retryAfterMs + spread / 2 : spread
}
