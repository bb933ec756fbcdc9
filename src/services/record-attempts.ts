import type { ErrorKind, ModelError } from '../core/errors.ts'
import type { Circumstances } from '../core/route-rules.ts'
import type { Demand } from '../routing/demand.ts'
import { describeLocalOnly } from '../routing/keep-private.ts'
import { planRoute } from '../routing/plan-route.ts'
import { targetName, type RoutePlan } from '../routing/route-plan.ts'
import type { RunMeans } from '../routing/run-means.ts'
import type { Attempt } from '../routing/sum-up.ts'
import type { RoutingView } from '../routing/view.ts'
import type { AnswerTrace, TracedAttempt } from '../telemetry/observe.ts'
import { inPlainWords } from '../telemetry/plain-words.ts'

/** What became of one attempt, for whoever looks for it later. */
export interface RecordedAttempt {
  readonly requestId: string
  /** Which attempt at the request it was, from 1. */
  readonly number: number
  readonly provider: string
  readonly model: string
  /** Why it was given up; absent for the one that answered. */
  readonly failure?: ErrorKind
  /** Until it was given up, or began to be the answer. */
  readonly durationMs: number
}

/** What everything that is asked of targets shares. */
export interface RoutingMeans {
  /** Gives what routes depend on as it is at the time of each question. */
  readonly view: () => Promise<RoutingView>
  readonly means: RunMeans
  /** Keeps what became of each attempt at a request that has a name. */
  readonly record?: (attempt: RecordedAttempt) => void
}

/** Decides where a request may go as things are, and notes in a trace what decided. Throws as `planRoute` does. */
export function planNoted({ demand, circumstances, trace }: PlanQuestion, view: RoutingView): RoutePlan {
  const plan = planRoute(demand, circumstances, view)
  trace.route = plan.route
  delete trace.localOnly
  if (plan.localOnly) trace.localOnly = describeLocalOnly(plan.localOnly)
  return plan
}

/** A request of which it is asked where it may go. */
export interface PlanQuestion {
  readonly demand: Demand
  readonly circumstances: Circumstances
  readonly trace: AnswerTrace
}

/** Gives what notes each attempt in a trace, and keeps it where it can be kept. */
export function recordAttempts(trace: AnswerTrace, { means, record }: RoutingMeans): (attempt: Attempt) => void {
  let since = means.clock.now()
  return attempt => {
    if (attempt.isSkipped && !attempt.failure) return noteEstimate(attempt, trace)
    note(attempt, trace)
    const [began, now] = [since, means.clock.now()]
    since = now
    if (trace.requestId === undefined) return
    const { provider, model } = attempt.target
    record?.({
      requestId: trace.requestId,
      number: trace.attempts.length,
      provider,
      model,
      ...(attempt.failure && { failure: attempt.failure.kind }),
      durationMs: Math.round(now - began),
    })
  }
}

/* It is the target of the answer, and nobody was asked. */
function noteEstimate({ target }: Attempt, trace: AnswerTrace): void {
  trace.target = targetName(target)
  trace.isEstimated = true
}

function note({ target: { provider, model }, failure, isSkipped }: Attempt, trace: AnswerTrace): void {
  const target = targetName({ provider, model })
  if (!failure) trace.target = target
  trace.attempts.push({ target, ...(failure && whyGivenUp(failure)), ...(isSkipped && { isSkipped }) })
}

/* What another program wrote may repeat what it was sent. */
function whyGivenUp({ kind, message, cause }: ModelError): Omit<TracedAttempt, 'target'> {
  const said = cause instanceof Error ? inPlainWords(cause.message) : undefined
  return { failure: kind, why: message, ...(said !== undefined && { said }) }
}
