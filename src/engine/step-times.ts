import { slowMoveMs } from './within.ts'

/** How long a model's process may be silent while it has work. */
export interface Patience {
  /** Always as long as this, for what is no step: reading a request, copying a cache. */
  readonly floorMs: number
  /** As long as this many of its usual steps. */
  readonly steps: number
  /** As long as this while it loads, before its usual steps are known, and for a file however large. */
  readonly firstMs: number
}

/* A first step may read the whole model from a slow disk, or compile a graphics processor's kernels. */
export const usualPatience: Patience = { floorMs: 30_000, steps: 20, firstMs: 300_000 }

/** What a process does at a time: it evaluates so many tokens, or moves so many bytes of conversations, or neither. */
export interface Work {
  readonly evaluates: number
  readonly moves: number
}

/** What is known of how long a process takes for its steps. */
export interface StepTimes {
  note(work: Work, milliseconds: number): void
  /** How long the process may take for this; neither tokens nor bytes means that it does something else. */
  allowedMs(work: Work): number
}

/* Reading a prompt takes far longer than writing a token, so each has its own measure. */
const readingTokens = 64

const mostTimes = 33

/** Starts to learn how long the steps of one process take. */
export function createStepTimes({ floorMs, steps, firstMs }: Patience): StepTimes {
  const reading: number[] = []
  const writing: number[] = []
  /** Milliseconds for each byte. */
  const moving: number[] = []
  const timesOf = ({ evaluates, moves }: Work): number[] => {
    if (moves > 0) return moving
    return evaluates >= readingTokens ? reading : writing
  }
  return {
    note: (work, milliseconds) => {
      const times = timesOf(work)
      times.push(milliseconds / Math.max(1, work.moves))
      if (times.length > mostTimes) times.shift()
    },
    allowedMs: work => {
      const { evaluates, moves } = work
      // What was written to memory says little of a disk, so a file has never less than a slow disk takes for it.
      if (moves > 0)
        return Math.max(Math.min(firstMs, floorMs + slowMoveMs(moves)), steps * moves * Math.max(0, ...moving))
      if (evaluates === 0) return floorMs
      const usualMs = median(timesOf(work))
      return Math.max(floorMs, usualMs === undefined ? firstMs : steps * usualMs)
    },
  }
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
