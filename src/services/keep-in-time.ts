import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../telemetry/logger.ts'

export interface KeepInTimeOptions {
  readonly logger: Logger
  /** How long an answer waits for its being kept. */
  readonly patienceMs?: number
}

/* Each holds its answer in memory. */
const mostLate = 32

/**
 * Keeps answers without keeping their clients waiting for long: what is late goes on beside them, and past so many late
 * ones the next are given up.
 */
export class KeepInTime {
  readonly #options: Required<KeepInTimeOptions>
  #late = 0

  constructor(options: KeepInTimeOptions) {
    this.#options = { patienceMs: 1500, ...options }
  }

  /** Says whether an answer is kept by now. Failures are logged. */
  async run(keep: () => Promise<void>): Promise<boolean> {
    const { logger, patienceMs } = this.#options
    if (this.#late >= mostLate) {
      logger.error({ waiting: this.#late }, 'a response is not stored: too many wait for the database')
      return false
    }
    const told = new AbortController()
    const kept = this.#try(keep)
    const isInTime = await Promise.race([kept, delay(patienceMs, 'late', { signal: told.signal }).catch(() => 'late')])
    told.abort()
    if (isInTime !== 'late') return isInTime === true
    logger.warn({ patienceMs }, 'storing a response takes long; its client is not kept waiting')
    this.#late += 1
    void kept.finally(() => (this.#late -= 1))
    return false
  }

  async #try(keep: () => Promise<void>): Promise<boolean> {
    try {
      await keep()
      return true
    } catch (error) {
      this.#options.logger.error({ error }, 'a response could not be stored')
      return false
    }
  }
}
