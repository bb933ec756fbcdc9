import { setTimeout as delay } from 'node:timers/promises'
import type { EngineProcess } from './engine-process.ts'

export interface HealthWait {
  readonly process: EngineProcess
  readonly isHealthy: (signal: AbortSignal) => Promise<boolean>
  readonly startMs: number
  /** Gives the waiting up. */
  readonly signal: AbortSignal
}

type HealthOutcome = 'healthy' | 'ended' | 'too-late' | 'given-up'

const firstPauseMs = 50
const longestPauseMs = 1000
const longestTimerMs = 2 ** 31 - 1

/** Asks until an engine is well. Gives what came first: health, its end, the end of patience, or `signal`. */
export async function waitUntilHealthy(wait: HealthWait): Promise<HealthOutcome> {
  const { process, startMs, signal } = wait
  const over = new AbortController()
  const isOver = AbortSignal.any([over.signal, signal])
  const asking = askUntilHealthy(wait, isOver)
  const ended = process.exited.then(() => 'ended' as const)
  const tooLate = delay(Math.min(startMs, longestTimerMs), 'too-late' as const, { signal: over.signal })
  tooLate.catch(() => {})
  try {
    const first = await Promise.race([asking, ended, tooLate])
    return first === 'healthy' && process.hasEnded ? 'ended' : first
  } finally {
    over.abort()
  }
}

async function askUntilHealthy({ isHealthy }: HealthWait, signal: AbortSignal): Promise<HealthOutcome> {
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    if (await isHealthy(signal)) return 'healthy'
    await delay(pauseMs, undefined, { signal }).catch(() => {})
  }
  return 'given-up'
}
