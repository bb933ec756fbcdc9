import type { RelayRequest } from '../core/backend.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import { askFor, type Ask } from '../routing/ask.ts'
import type { Found } from '../routing/attempt.ts'
import { demandOf, type Demand } from '../routing/demand.ts'
import { eventsOf } from '../routing/events-of.ts'
import { runPlan, type RunResult } from '../routing/run-plan.ts'
import { observe, observePieces, startTrace, type AnswerTrace } from '../telemetry/observe.ts'
import { planNoted, recordAttempts, type RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/** A request with how its client wants the answer. */
export interface Question {
  readonly request: ModelRequest
  readonly isStreaming: boolean
}

/** The circumstances of one question. */
export interface Call extends RoutedCall {
  /** Whether the client's protocol shows this event. */
  readonly isVisible: (event: ModelEvent) => boolean
}

/** Answers a question. Throws a `ModelError` while the client may still get a status of its own. */
export type AnswerService = (question: Question, call: Call) => Promise<ModelStream>

export interface AnswerOptions extends RoutingMeans {
  /** How long a streaming client waits for its headers. */
  readonly headersAfterMs?: number
}

/** Makes the one use-case that all protocols share: plan, run, observe. */
export function createAnswer(options: AnswerOptions): AnswerService {
  return async ({ request, isStreaming }, call) =>
    eventsOf(await answerAny({ demand: demandOf(request), ask: askFor(request), isStreaming }, call, options))
}

/** A question with the request as it came, where nothing but model and key would have to be changed of it. */
export interface ExchangeQuestion extends Question {
  readonly came?: Omit<RelayRequest, 'model'>
}

/** An answer as events, or as the bytes of a relayed exchange; or the promise of either, for a client that must get headers. */
export type ExchangeAnswer = RunResult

/** Answers a question, as `AnswerService` does, or relays the exchange where the target speaks the client's protocol. */
export type ExchangeService = (question: ExchangeQuestion, call: Call) => Promise<ExchangeAnswer>

/** Makes the use-case of answering with as few changes as can be. */
export function createExchange(options: AnswerOptions): ExchangeService {
  return ({ request, isStreaming, came }, call) =>
    answerAny({ demand: demandOf(request), ask: askFor(request, came), isStreaming }, call, options)
}

/** Anything that is answered with a stream, with how its client wants it. */
export interface AnyQuestion {
  readonly demand: Demand
  readonly ask: Ask
  readonly isStreaming: boolean
}

/** Plans, runs and observes. Throws a `ModelError` while the client may still get a status of its own. */
export async function answerAny(question: AnyQuestion, call: Call, options: AnswerOptions): Promise<RunResult> {
  const { demand, ask, isStreaming } = question
  const { signal, circumstances, isVisible, trace = startTrace() } = call
  const { means, headersAfterMs = 2000 } = options
  const view = await options.view()
  const started = means.clock.now()
  trace.requestedModel = demand.model
  trace.isStreaming = isStreaming
  const asked = { demand, circumstances, trace }
  const result = await runPlan(planNoted(asked, view), ask, {
    signal,
    means,
    isStrict: circumstances.isStrict || view.isStrict === true,
    // An answer that is sent as a whole shows nothing before its end.
    isVisible: isStreaming ? isVisible : event => event.type === 'end',
    headersAfterMs: isStreaming ? headersAfterMs : Infinity,
    onAttempt: recordAttempts(trace, options),
    replan: async () => planNoted(asked, await options.view()),
  })
  return observeResult(result, trace, () => means.clock.now() - started)
}

function observeResult(result: RunResult, trace: AnswerTrace, elapsedMs: () => number): RunResult {
  if (result.type !== 'pending') return observeFound(result, trace, elapsedMs)
  const found = result.found.then(found => observeFound(found, trace, elapsedMs))
  // Whoever leaves before it is found asks for it no more.
  found.catch(() => undefined)
  return { type: 'pending', found }
}

function observeFound(found: Found, trace: AnswerTrace, elapsedMs: () => number): Found {
  if (found.type === 'events') return { ...found, events: observe(found.events, trace, elapsedMs) }
  return { ...found, pieces: observePieces(found.pieces, trace, elapsedMs) }
}
