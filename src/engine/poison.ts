import { ModelError } from '../core/errors.ts'
import { HostEnded } from './host-exit.ts'

/** Remembers which requests were being answered when a model's process ended. */
export interface PoisonList {
  /** Throws `unavailable` for a request that is not to be run again. */
  check(key: string): void
  /** How far a request had come when a process ended with it; undefined for one that is not suspected. */
  reached(key: string): number | undefined
  /** A process ended while it worked on this request. Sent several times at once, it is suspected once for the same end. */
  suspect(key: string, end: SuspiciousEnd): void
  /** The request was answered to its end, so it is harmless. */
  clear(key: string): void
}

export interface SuspiciousEnd {
  readonly processId: number | undefined
  /** What had been said of the answer, in events. */
  readonly reached: number
}

const mostDeaths = 2

/* Long enough that a client stops repeating itself; the cause may be gone by then. */
const forgetAfterMs = 10 * 60_000

const mostSuspects = 1000

interface Suspect {
  /** The processes that ended with it. */
  readonly deaths: ReadonlySet<number | undefined>
  readonly reached: number
  readonly until: number
}

/** Makes an empty list over a clock that never goes back. */
export function createPoisonList(now: () => number): PoisonList {
  const suspects = new Map<string, Suspect>()
  const find = (key: string): Suspect | undefined => {
    const found = suspects.get(key)
    return found && found.until > now() ? found : undefined
  }
  return {
    check: key => {
      const found = find(key)
      if (!found || found.deaths.size < mostDeaths) return
      const retryAfterMs = found.until - now()
      throw new ModelError(
        'unavailable',
        `this request was being answered each of the ${found.deaths.size} times that the engine process ended; it is not run again for ${Math.ceil(retryAfterMs / 60_000)} min. Change the request, or ask another model`,
        { retryAfterMs },
      )
    },
    reached: key => find(key)?.reached,
    suspect: (key, { processId, reached }) => {
      const deaths = new Set([...(find(key)?.deaths ?? []), processId])
      suspects.delete(key)
      suspects.set(key, { deaths, reached, until: now() + forgetAfterMs })
      const [oldest] = suspects.keys()
      if (suspects.size > mostSuspects && oldest !== undefined) suspects.delete(oldest)
    },
    clear: key => void suspects.delete(key),
  }
}

/** Suspects a request that failed because the process that answered it ended, and may have ended for it. */
export function suspectAfter(error: unknown, { poison, key, reached }: Failed): void {
  const end = error instanceof ModelError ? error.cause : undefined
  if (end instanceof HostEnded && end.isSuspect) poison.suspect(key, { processId: end.processId, reached })
}

interface Failed extends Pick<SuspiciousEnd, 'reached'> {
  readonly poison: PoisonList
  readonly key: string
}
