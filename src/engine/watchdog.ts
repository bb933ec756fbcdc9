import { createStepTimes } from './step-times.ts'
import type { Patience, Work } from './step-times.ts'

/** Tells a process that hangs from one that is slow, by its progress. */
export interface Watchdog {
  /** The process has got something to do. Its silence counts from its last word on, as long as it has. */
  begin(): void
  /**
   * The process said something; `evaluates` is the size of the step that it begins, zero where it begins none, and
   * `moves` how many bytes it writes or reads before.
   */
  hear(evaluates?: number, moves?: number): void
  /** The process has got nothing to do. */
  rest(): void
}

export interface WatchdogOptions {
  readonly patience: Patience
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Called once, when the process was silent for too long while it had work, of whatever kind. */
  readonly onStall: (silentMs: number, work: Work) => void
}

const looksInTheShortestPatience = 5

const noStep: Work = { evaluates: 0, moves: 0 }

/** Makes a watchdog that sleeps until the process has work. At first the process loads. */
export function createWatchdog({ patience, now, onStall }: WatchdogOptions): Watchdog {
  const times = createStepTimes(patience)
  const lookMs = Math.min(1000, patience.floorMs / looksInTheShortestPatience)
  let allowedMs = patience.firstMs
  let silentMs = 0
  let step: { readonly work: Work; readonly began: number } | undefined
  let timer: NodeJS.Timeout | undefined
  const rest = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  // Looks are counted, not hours: while this process or the whole machine sleeps, nobody is late.
  const look = (): void => {
    silentMs += lookMs
    if (silentMs < allowedMs) return
    rest()
    onStall(silentMs, step?.work ?? noStep)
  }
  return {
    begin: () => {
      if (timer) return
      // Silence goes on from before: clients that left took their requests back, and the process still owes a word.
      timer = setInterval(look, lookMs)
      timer.unref()
    },
    hear: (evaluates, moves = 0) => {
      // Other news than of its end do not show that a step gets on.
      if (evaluates === undefined && step) return
      silentMs = 0
      if (evaluates === undefined) return
      if (step) times.note(step.work, now() - step.began)
      const work = { evaluates, moves }
      step = evaluates + moves > 0 ? { work, began: now() } : undefined
      allowedMs = times.allowedMs(work)
    },
    rest,
  }
}
