import { ModelError } from '../core/errors.ts'

/** Remembers which requests were being answered when a model's process ended. */
export interface PoisonList {
  /** Throws `unavailable` for a request that is not to be run again. */
  check(key: string): void
  /** The process ended while it worked on this request. */
  suspect(key: string): void
  /** The request was answered to its end, so it is harmless. */
  clear(key: string): void
}

const mostDeaths = 2

/* Long enough that a client stops repeating itself; the cause may be gone by then. */
const forgetAfterMs = 10 * 60_000

const mostSuspects = 1000

/** Makes an empty list over a clock that never goes back. */
export function createPoisonList(now: () => number): PoisonList {
  const suspects = new Map<string, { readonly deaths: number; readonly until: number }>()
  const find = (key: string): { deaths: number; until: number } | undefined => {
    const found = suspects.get(key)
    return found && found.until > now() ? found : undefined
  }
  return {
    check: key => {
      const found = find(key)
      if (!found || found.deaths < mostDeaths) return
      const retryAfterMs = found.until - now()
      throw new ModelError(
        'unavailable',
        `this request was being answered each of the ${found.deaths} times that the engine process ended; it is not run again for ${Math.ceil(retryAfterMs / 60_000)} min. Change the request, or ask another model`,
        { retryAfterMs },
      )
    },
    suspect: key => {
      const deaths = (find(key)?.deaths ?? 0) + 1
      suspects.delete(key)
      suspects.set(key, { deaths, until: now() + forgetAfterMs })
      const [oldest] = suspects.keys()
      if (suspects.size > mostSuspects && oldest !== undefined) suspects.delete(oldest)
    },
    clear: key => void suspects.delete(key),
  }
}
