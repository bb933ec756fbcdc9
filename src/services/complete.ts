import type { ChoiceEvent, ChoiceStream, CompletionRequest } from '../core/completion.ts'
import { ModelError, toModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import { askToComplete } from '../routing/ask.ts'
import { completionDemand } from '../routing/demand.ts'
import { eventsOf } from '../routing/events-of.ts'
import { addTrace, startTrace, type AnswerTrace } from '../telemetry/observe.ts'
import { answerAny, type AnswerOptions, type Call } from './answer.ts'
import { mergeChoices } from './merge-choices.ts'

/** Raw prompts that are answered together, at least one, with how their client wants the answers. */
export interface CompletionQuestion {
  readonly requests: readonly CompletionRequest[]
  readonly isStreaming: boolean
}

/** Goes on from raw prompts. Throws a `ModelError` while the client may still get a status of its own. */
export type CompleteService = (question: CompletionQuestion, call: Call) => Promise<ChoiceStream>

/* Prompts of one request that are answered at a time: other clients' requests need places, too. */
const mostAtATime = 4

/** Makes the use-case of completing: each prompt is planned, run and observed as a request of its own. */
export function createComplete(options: AnswerOptions): CompleteService {
  return async (question, call) => {
    const leaving = new AbortController()
    const signal = AbortSignal.any([call.signal, leaving.signal])
    const open = (choice: number): Promise<ModelStream> => openChoice(choice, question, { ...call, signal, options })
    const first = open(0)
    first.catch(() => undefined)
    // A stream's headers tell whether it begins; what is sent as a whole fails as a whole.
    if (question.isStreaming) await first
    const choices = question.requests.length
    const merged = mergeChoices({
      choices,
      open: choice => (choice === 0 ? first : open(choice)),
      width: mostAtATime,
    })
    return closing(merged, leaving)
  }
}

interface Opening extends Call {
  readonly options: AnswerOptions
}

async function openChoice(
  choice: number,
  { requests, isStreaming }: CompletionQuestion,
  { options, ...call }: Opening,
): Promise<ModelStream> {
  const request = requests[choice]
  if (!request) throw new Error(`there is no prompt ${choice}`)
  const question = { demand: completionDemand(request), ask: askToComplete(request), isStreaming }
  if (requests.length === 1) return eventsOf(await answerAny(question, call, options))
  const trace = startTrace()
  const events = answerAny(question, { ...call, trace }, options).then(eventsOf)
  return oneOfSeveral(events, { choice, trace, whole: call.trace ?? startTrace() })
}

interface OneOfSeveral {
  readonly choice: number
  readonly trace: AnswerTrace
  readonly whole: AnswerTrace
}

async function oneOfSeveral(answer: Promise<ModelStream>, part: OneOfSeveral): Promise<ModelStream> {
  try {
    return noting(await answer, part)
  } catch (error) {
    throw placeFailure(error, part)
  }
}

/** Notes what one of several answers cost, and says which prompt it failed for. */
async function* noting(events: ModelStream, part: OneOfSeveral): AsyncGenerator<ModelEvent> {
  try {
    yield* events
    addTrace(part.whole, part.trace)
  } catch (error) {
    throw placeFailure(error, part)
  }
}

function placeFailure(thrown: unknown, { choice, trace, whole }: OneOfSeveral): ModelError {
  addTrace(whole, trace)
  const failure = toModelError(thrown)
  if (failure.kind !== 'invalid-request' || (failure.field && failure.field[0] !== 'prompt')) return failure
  const told = failure.message.replace(/^prompt:? /, '')
  return new ModelError(failure.kind, `prompt.${choice}: ${told}`, {
    cause: failure,
    field: ['prompt', choice],
    ...(failure.code && { code: failure.code }),
  })
}

async function* closing(events: ChoiceStream, leaving: AbortController): AsyncGenerator<ChoiceEvent> {
  try {
    yield* events
  } finally {
    leaving.abort(new ModelError('aborted', 'another prompt of the same request failed, or its client left'))
  }
}
