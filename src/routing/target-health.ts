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

interface HealthRecord {
  readonly breaker: CircuitBreaker
  kind: ErrorKind
}

/** Starts to remember how targets fare. Only those that failed of late are kept, and at most a thousand. */
export function createTargetHealth(now: () => number): TargetHealth {
  const records = new Map<string, HealthRecord>()
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
    },
    speaks: target => records.get(target)?.breaker.speak(),
    leave: target => records.get(target)?.breaker.leave(),
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
