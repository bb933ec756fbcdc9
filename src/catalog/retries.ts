import { setTimeout as pause } from 'node:timers/promises'
import { abortError, DownloadFailure } from './failures.ts'
import type { DownloadLimits } from './limits.ts'

export interface Retries {
  readonly limits: DownloadLimits
  readonly signal: AbortSignal
  /** Gives how much has arrived: an attempt that brought something does not count as failed. */
  readonly received: () => number
}

/**
 * Attempts until one succeeds, with growing pauses. A source that was never reached gets two attempts,
 * so that the next source is tried soon.
 */
export async function withRetries<Result>(retries: Retries, attempt: () => Promise<Result>): Promise<Result> {
  for (let failed = 0, before = retries.received(), made = 1; ; before = retries.received(), made++) {
    try {
      return await attempt()
    } catch (error) {
      if (retries.signal.aborted) throw abortError()
      failed = retries.received() > before ? 1 : failed + 1
      if (!(error instanceof DownloadFailure) || isFinal(error, failed, retries.limits)) throw error
      if (made >= retries.limits.attemptsInAll) throw error
      await sleep(delayMs(error, failed, retries.limits), retries.signal)
    }
  }
}

function isFinal(error: DownloadFailure, failed: number, limits: DownloadLimits): boolean {
  if (error.retry === 'never') return true
  return failed >= (error.retry === 'connect' ? Math.min(2, limits.attempts) : limits.attempts)
}

function delayMs(error: DownloadFailure, failed: number, limits: DownloadLimits): number {
  const growing = limits.retryDelayMs * 2 ** (failed - 1) * (0.5 + Math.random() / 2)
  return Math.min(Math.max(growing, error.retryAfterMs ?? 0), limits.maxRetryDelayMs)
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {
    throw abortError()
  })
}
