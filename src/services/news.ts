import { setTimeout as delay } from 'node:timers/promises'

/** Tells those who wait for it that something changed; what it is, they look up. */
export interface News {
  readonly tell: () => void
  /** Settles when something changes from now on. */
  readonly next: () => Promise<void>
}

/** Makes news of which nobody has heard yet. */
export function createNews(): News {
  let news = Promise.withResolvers<void>()
  return {
    tell: () => {
      news.resolve()
      news = Promise.withResolvers()
    },
    next: () => news.promise,
  }
}

/* Models are pulled and removed by other processes. */
const looksAgainAfterMs = 2000

/** Settles when something changed, when it is time to look again, or when the signal is aborted. */
export async function untilChanged(changed: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const later = delay(looksAgainAfterMs, undefined, { signal: AbortSignal.any([signal, over.signal]) })
  await Promise.race([changed, later]).catch(() => {})
  over.abort()
}
