import type { LoadSettings } from '../messages.ts'

/* From so many tokens on, a busy core costs a step on all cores less than a step that leaves one free (docs/speed.md). */
const largeStep = 128

/** How many threads compute a step. */
export interface StepThreads {
  /** One that writes answers, or reads a few tokens of prompts. */
  readonly small: number
  /** One that reads a large piece of a prompt. */
  readonly large: number
}

/**
 * Chooses how many threads compute, for a machine with so many performance cores. In small steps all threads wait for
 * one that another program holds up, so one core is left free for them. In large ones the others do its work, and the
 * numbers that come out are the same however many there are.
 */
export function chooseThreads(
  { threads, promptThreads }: Pick<LoadSettings, 'threads' | 'promptThreads'>,
  cores: number,
): StepThreads {
  return {
    small: threads ?? Math.max(1, cores - 1),
    large: promptThreads ?? threads ?? Math.max(1, cores),
  }
}

/** How many threads compute a step of so many tokens. */
export function threadsFor(tokens: number, { small, large }: StepThreads): number {
  return tokens < largeStep ? small : large
}
