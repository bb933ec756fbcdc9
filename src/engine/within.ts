/** What a wait fails with that was given up. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
  /** Settles when the work is done after all. */
  readonly done: Promise<unknown>

  constructor(message: string, work: Promise<unknown>) {
    super(message)
    this.done = work.catch(() => {})
  }
}

/** Waits for work that the system does, for so many milliseconds. Throws `TookTooLong`, and what the work throws before. */
export async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new TookTooLong(`not done after ${Math.round(ms / 1000)} s`, work)), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/* A disk that is slower serves nobody. */
const slowestBytesPerMs = 4000

const leastMs = 10_000

/** How long moving so many bytes takes, to and from the slowest place that is worth it. */
export function slowMoveMs(bytes: number): number {
  return bytes / slowestBytesPerMs
}

/** How long moving so many bytes may take, with all that the system does for it. */
export function longestMoveMs(bytes: number): number {
  return leastMs + slowMoveMs(bytes)
}
