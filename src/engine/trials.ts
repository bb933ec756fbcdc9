import { waitFor } from './wait-for.ts'

/**
 * Lets the requests that a process ended with run again one after the other. Together they could not be told apart:
 * the next end would be blamed on the harmless as well.
 */
export interface Trials {
  /** Settles when a request may run; gives what is called when it got further than before, or is over. */
  enter(model: string, signal: AbortSignal): Promise<() => void>
}

/* The others wait for a request at most this long, however far it had come. */
const longestMs = 5000

/** Makes trials of which none runs. */
export function createTrials(): Trials {
  const latest = new Map<string, Promise<void>>()
  return {
    enter: async (model, signal) => {
      const over = Promise.withResolvers<void>()
      const before = latest.get(model) ?? Promise.resolve()
      const all = before.then(() => over.promise)
      latest.set(model, all)
      void all.then(() => latest.get(model) === all && latest.delete(model))
      await waitFor(before, signal).catch((error: unknown) => {
        over.resolve()
        throw error
      })
      const timer = setTimeout(over.resolve, longestMs)
      timer.unref()
      return () => {
        clearTimeout(timer)
        over.resolve()
      }
    },
  }
}
