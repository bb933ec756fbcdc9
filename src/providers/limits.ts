import type { Timeouts } from '../core/provider-settings.ts'
import type { Kind } from './provider.ts'

/** How much of an upstream's answer is read, in bytes. */
export const maxBytes = {
  /** A failed reply. */
  error: 64 * 1024,
  /** An answer in one piece, vectors included. */
  answer: 64 * 1024 * 1024,
  /** A stream, from start to end. */
  stream: 512 * 1024 * 1024,
  /** A list of models. */
  list: 16 * 1024 * 1024,
} as const

/** How long a list of models may take, or a question about one. */
export const questionTimeoutMs = 20_000

/** How long an engine may take to say that it is well. */
export const healthTimeoutMs = 5000

const minute = 60_000

const cloud: Required<Timeouts> = {
  connectMs: 10_000,
  firstTokenMs: 5 * minute,
  idleMs: minute,
  totalMs: 60 * minute,
}

// Models are loaded on demand and prompts are read slowly on machines at home.
const localEngine: Required<Timeouts> = {
  connectMs: 10_000,
  firstTokenMs: 30 * minute,
  idleMs: 5 * minute,
  totalMs: 120 * minute,
}

/** Gives what the owner set, and what suits the kind for the rest. */
export function timeoutsOf(kind: Kind, own: Timeouts = {}): Required<Timeouts> {
  return { ...(kind.isLocalEngine === true ? localEngine : cloud), ...own }
}
