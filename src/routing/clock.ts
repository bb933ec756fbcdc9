import { abortReason } from './commit.ts'

/** Time as attempts know it. Passed in, so that tests can let it pass. */
export interface Clock {
  /** Milliseconds from any point in time; they never go back. */
  now(): number
  /** Does a thing later, unless the function that it gives is called before. */
  after(milliseconds: number, act: () => void): () => void
}

/** Makes the clock of the real world from a source of milliseconds. */
export function createClock(now: () => number): Clock {
  return {
    now,
    after: (milliseconds, act) => {
      const timer = setTimeout(act, milliseconds)
      return () => clearTimeout(timer)
    },
  }
}

/** Waits. Throws the signal's reason as soon as it is aborted. */
export async function pause(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw abortReason(signal)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const leave = () => reject(abortReason(signal))
  const cancel = clock.after(milliseconds, resolve)
  signal.addEventListener('abort', leave, { once: true })
  try {
    await promise
  } finally {
    cancel()
    signal.removeEventListener('abort', leave)
  }
}
