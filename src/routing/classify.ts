import type { ErrorKind, ModelError } from '../core/errors.ts'

/** What a failure means for the request and for the target that failed. */
export interface Verdict {
  /** Whether the same target is asked again, or the next one, or the client is told. `again` may end in `elsewhere`. */
  readonly next: 'again' | 'elsewhere' | 'tell'
  /** Whether it speaks against the target, so that other requests had better not go there either. */
  readonly isTargetsFault: boolean
}

const passing: Verdict = { next: 'again', isTargetsFault: true }
const lasting: Verdict = { next: 'elsewhere', isTargetsFault: true }
const unsuited: Verdict = { next: 'elsewhere', isTargetsFault: false }
const final: Verdict = { next: 'tell', isTargetsFault: false }

const verdicts: Readonly<Record<ErrorKind, Verdict>> = {
  'rate-limited': passing,
  overloaded: passing,
  unavailable: passing,
  // What took so long once would take as long again.
  timeout: lasting,
  // A target refuses the server's own credentials, never the client's; other targets have others.
  unauthorized: lasting,
  'quota-exhausted': lasting,
  // A target may refuse one request for what is in it.
  forbidden: unsuited,
  // Clients choose names, so a wrong one says nothing of the target.
  'not-found': unsuited,
  // So do they choose what is asked for: one that makes no embeddings may still answer.
  'method-not-allowed': unsuited,
  'too-large': unsuited,
  'invalid-request': final,
  conflict: final,
  internal: final,
  aborted: final,
}

/** Decides what comes after a failure: the one place that does. */
export function classify({ kind, code }: ModelError): Verdict {
  // Too long for this model, or a thing that this target cannot be shown: another one may have more room, or eyes.
  const isOfThisTarget = code === 'context-length-exceeded' || code === 'unsupported-value'
  return kind === 'invalid-request' && isOfThisTarget ? unsuited : verdicts[kind]
}
