import { setTimeout as delay } from 'node:timers/promises'
import { ModelError } from '../core/errors.ts'
import type { Exchanges } from './exchanges.ts'

/** How far the server is on its way out. */
export interface Phase {
  /** Whether it still answers, but wants no new clients. */
  isDraining: boolean
  /** Whether it begins nothing more. */
  isStopped: boolean
}

/** How long replies that were cut off may take to reach their readers. */
const farewellMs = 1000

/** Waits for the exchanges under way; after the grace, tells the rest that the server goes. */
export async function drain(exchanges: Exchanges, graceMs: number): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const cut = async () => {
    await delay(graceMs, undefined, { signal })
    exchanges.interruptAll(shuttingDown())
    await delay(farewellMs, undefined, { signal })
  }
  await Promise.race([exchanges.whenEmpty(), cut().catch(() => undefined)])
  controller.abort()
}

/** What clients are told whose request a closing server does not answer. */
export function shuttingDown(): ModelError {
  return new ModelError('unavailable', 'the server is shutting down; try again', { retryAfterMs: 1000 })
}
