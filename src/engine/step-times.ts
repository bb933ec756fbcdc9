/** How long a model's process may be silent while it has work. */
export interface Patience {
  /** Always as long as this, for what is no step: reading a request, copying a cache. */
  readonly floorMs: number
  /** As long as this many of its usual steps. */
  readonly steps: number
  /** As long as this while it loads and before its usual steps are known. */
  readonly firstMs: number
}

/* A first step may read the whole model from a slow disk, or compile a graphics processor's kernels. */
export const usualPatience: Patience = { floorMs: 30_000, steps: 20, firstMs: 300_000 }

/** What is known of how long a process takes for its steps. */
export interface StepTimes {
  note(tokens: number, milliseconds: number): void
  /** How long the process may take for a step of so many tokens; none means that it does something else. */
  allowedMs(tokens: number): number
}

/* Reading a prompt takes far longer than writing a token, so each has its own measure. */
const readingTokens = 64

const mostTimes = 33

/** Starts to learn how long the steps of one process take. */
export function createStepTimes({ floorMs, steps, firstMs }: Patience): StepTimes {
  const reading: number[] = []
  const writing: number[] = []
  const timesOf = (tokens: number): number[] => (tokens >= readingTokens ? reading : writing)
  return {
    note: (tokens, milliseconds) => {
      const times = timesOf(tokens)
      times.push(milliseconds)
      if (times.length > mostTimes) times.shift()
    },
    allowedMs: tokens => {
      if (tokens === 0) return floorMs
      const usualMs = median(timesOf(tokens))
      return Math.max(floorMs, usualMs === undefined ? firstMs : steps * usualMs)
    },
  }
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
