import type { ErrorKind, ModelError } from '../core/errors.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { classify } from './classify.ts'

/** Which targets are left alone at this moment. */
export interface RestingTargets {
  /** How long a target, named as `targetName` does, is left alone; zero where it may be asked. */
  restsForMs(target: string): number
}

/** What is known of targets from how they fared: planning reads it, attempts and health checks write it. */
export interface TargetHealth extends RestingTargets {
  /** Gives leave to ask a target. After a rest one request gets it, and the others have to wait for its end. */
  admit(target: string): Admission
  /** Notes that a target began to answer. */
  speaks(target: string): void
  /** Notes that a target answered, or how it failed. */
  note(target: string, failure?: ModelError): void
  /** Notes that an attempt ended without telling anything of the target. */
  leave(target: string): void
  /** The targets that rest because they could not answer, and that a check may bring back. */
  checkable(): readonly string[]
  /** Notes that a check found a target well: it is asked again. */
  revive(target: string): void
  /** Notes that a check found a target still down: it rests for so long at least. */
  keepResting(target: string, milliseconds: number): void
  /** Calls a listener whenever a target fails that a check may bring back. Gives what ends that. */
  onRest(listener: (target: string) => void): () => void
}

export type Admission = { readonly isAdmitted: true } | Refusal

/** Why a target is not asked, and for how long. */
export interface Refusal {
  readonly isAdmitted: false
  readonly restsForMs: number
  /** How it failed the last time. */
  readonly kind: ErrorKind
}

const mostTargets = 1000

/* Whether a target minds a key, or has credit left, is nothing that it says of its health. */
const unreached: ReadonlySet<ErrorKind> = new Set(['unavailable', 'timeout', 'overloaded'])

interface HealthRecord {
  readonly breaker: CircuitBreaker
  kind: ErrorKind
}

/** Starts to remember how targets fare. Only those that failed of late are kept, and at most a thousand. */
export function createTargetHealth(now: () => number): TargetHealth {
  const records = new Map<string, HealthRecord>()
  const listeners = new Set<(target: string) => void>()
  const isCheckable = ({ breaker, kind }: HealthRecord): boolean => unreached.has(kind) && breaker.isCheckable(now())
  return {
    restsForMs: target => records.get(target)?.breaker.restsForMs(now()) ?? 0,
    admit: target => {
      const record = records.get(target)
      if (!record || record.breaker.admit(now())) return { isAdmitted: true }
      return { isAdmitted: false, restsForMs: record.breaker.restsForMs(now()), kind: record.kind }
    },
    note: (target, failure) => {
      if (!failure) return noteSuccess(records, target, now())
      if (!classify(failure).isTargetsFault) return records.get(target)?.breaker.leave()
      const record = records.get(target) ?? { breaker: new CircuitBreaker(), kind: failure.kind }
      record.kind = failure.kind
      record.breaker.fail(now(), failure.retryAfterMs)
      // The one that failed last stands at the end, so that the first one is the longest without trouble.
      records.delete(target)
      records.set(target, record)
      forgetOldest(records)
      if (isCheckable(record)) for (const listener of listeners) listener(target)
    },
    speaks: target => records.get(target)?.breaker.speak(),
    leave: target => records.get(target)?.breaker.leave(),
    checkable: () => [...records].filter(([, record]) => isCheckable(record)).map(([target]) => target),
    revive: target => records.get(target)?.breaker.revive(now()),
    keepResting: (target, milliseconds) => records.get(target)?.breaker.keepResting(now(), milliseconds),
    onRest: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function forgetOldest(records: Map<string, HealthRecord>): void {
  const [oldest] = records.keys()
  if (records.size > mostTargets && oldest !== undefined) records.delete(oldest)
}

function noteSuccess(records: Map<string, HealthRecord>, target: string, now: number): void {
  const record = records.get(target)
  if (!record) return
  if (record.breaker.isClear(now)) records.delete(target)
  else record.breaker.succeed(now)
}
