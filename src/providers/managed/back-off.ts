/** How an engine that keeps failing is started again. */
export interface BackOff {
  /** How long is waited before the second start in a row, the third and so on; the first one waits for nothing. */
  readonly waitsMs: readonly number[]
  /** How long it is left alone after more failures than that. Doubled with each further one. */
  readonly restMs: number
  readonly longestRestMs: number
  /** How long it must have been well for its failures to be forgotten. */
  readonly forgetMs: number
}

export const usualBackOff: BackOff = {
  waitsMs: [0, 1000, 2000, 4000],
  restMs: 60_000,
  longestRestMs: 10 * 60_000,
  forgetMs: 60_000,
}

/** What comes before the next start. A wait is worth waiting for; a rest is told to whoever asks. */
export interface Pause {
  readonly type: 'wait' | 'rest'
  readonly ms: number
}

/** Gives the pause after so many failures in a row. */
export function pauseAfter(failures: number, { waitsMs, restMs, longestRestMs }: BackOff): Pause {
  if (failures === 0) return { type: 'wait', ms: 0 }
  const wait = waitsMs[failures - 1]
  if (wait !== undefined) return { type: 'wait', ms: wait }
  const doublings = failures - waitsMs.length - 1
  return { type: 'rest', ms: Math.min(restMs * 2 ** doublings, longestRestMs) }
}
