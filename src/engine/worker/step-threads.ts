import type { LoadSettings } from '../messages.ts'
import type { NativeContext } from './binding.ts'

/* From so many tokens on, a program that takes a core costs a step on all cores no more than it gains (docs/speed.md). */
const largeStep = 128

/* Threads that had less of their cores than this had to share them. They wait for each other by turning in circles, so
   on cores of their own they have nearly all. */
const ownPart = 0.85

/* After how many large steps it is looked again whether the cores are free. */
const stepsAside = 8

/** How many threads compute a step. */
export interface ThreadCounts {
  /** One that writes answers, or reads a few tokens of prompts. */
  readonly small: number
  /** One that reads a large piece of a prompt. */
  readonly large: number
}

/** What a step took, in milliseconds: by the clock, and of all processors together. */
export interface StepCost {
  readonly elapsed: number
  readonly computed: number
}

/**
 * Chooses how many threads compute, for a machine with so many performance cores. In small steps all threads wait for
 * one that another program holds up, so one core is left free for them. In large ones the others do its work, and the
 * numbers that come out are the same however many there are.
 */
export function chooseThreads(
  { threads, promptThreads }: Pick<LoadSettings, 'threads' | 'promptThreads'>,
  cores: number,
): ThreadCounts {
  return {
    small: threads ?? Math.max(1, cores - 1),
    large: promptThreads ?? threads ?? Math.max(1, cores),
  }
}

/** Decides step by step how many threads compute: large steps give way while others want the cores. */
export class StepThreads {
  readonly #counts: ThreadCounts
  #stepsAside = 0

  constructor(counts: ThreadCounts) {
    this.#counts = counts
  }

  /** For a step of so many tokens. */
  next(tokens: number): number {
    return tokens >= largeStep && this.#stepsAside === 0 ? this.#counts.large : this.#counts.small
  }

  /** Notes what a step of so many tokens took on the threads that were given for it. */
  took(tokens: number, { elapsed, computed }: StepCost): void {
    if (tokens < largeStep) return
    if (this.#stepsAside > 0) this.#stepsAside -= 1
    else if (computed < ownPart * elapsed * this.#counts.large) this.#stepsAside = stepsAside
  }

  /** Evaluates the batch that lies ready in a context, of so many tokens. */
  async decode(context: NativeContext, tokens: number): Promise<void> {
    context.setThreads(this.next(tokens))
    // Small steps are many, and nothing is learnt of them.
    if (tokens < largeStep) return context.decodeBatch()
    const [began, before] = [performance.now(), computedMs()]
    await context.decodeBatch()
    this.took(tokens, { elapsed: performance.now() - began, computed: computedMs() - before })
  }
}

/** How long the threads of this process have computed. */
function computedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
