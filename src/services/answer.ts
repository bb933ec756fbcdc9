import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import { planRoute, type ModelDirectory } from '../routing/plan-route.ts'
import { runPlan, type Attempt } from '../routing/run-plan.ts'
import { observe, startTrace, type AnswerTrace } from '../telemetry/observe.ts'

/** A request with how its client wants the answer. */
export interface Question {
  readonly request: ModelRequest
  readonly isStreaming: boolean
}

/** The circumstances of one question. */
export interface Call {
  readonly signal: AbortSignal
  /** Whether the client's protocol shows this event. */
  readonly isVisible: (event: ModelEvent) => boolean
  /** Where what is learnt of the answer is noted. */
  readonly trace?: AnswerTrace
}

/** Answers a question. Throws a `ModelError` while the client may still get a status of its own. */
export type AnswerService = (question: Question, call: Call) => Promise<ModelStream>

export interface AnswerOptions {
  /** Gives the models as they are at the time of each question. */
  readonly directory: () => Promise<ModelDirectory>
  /** How long a streaming client waits for its headers. */
  readonly headersAfterMs?: number
}

/** Makes the one use-case that all protocols share: plan, run, observe. */
export function createAnswer({ directory, headersAfterMs = 2000 }: AnswerOptions): AnswerService {
  return async ({ request, isStreaming }, { signal, isVisible, trace = startTrace() }) => {
    const started = performance.now()
    trace.requestedModel = request.model
    trace.isStreaming = isStreaming
    const plan = planRoute(request, await directory())
    const events = await runPlan(plan, request, {
      signal,
      // An answer that is sent as a whole shows nothing before its end.
      isVisible: isStreaming ? isVisible : event => event.type === 'end',
      headersAfterMs: isStreaming ? headersAfterMs : Infinity,
      onAttempt: attempt => trace.attempts.push(describe(attempt)),
    })
    return observe(events, trace, () => performance.now() - started)
  }
}

function describe({ backend, model, failure }: Attempt): string {
  return failure ? `${backend}:${model} failed: ${failure.kind}` : `${backend}:${model}`
}
