import type { Backend } from '../core/backend.ts'
import type { ChoiceEvent, ChoiceStream, CompletionRequest } from '../core/completion.ts'
import { ModelError, toModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import type { ModelDirectory, Target } from '../routing/plan-route.ts'
import { addTrace, startTrace, type AnswerTrace } from '../telemetry/observe.ts'
import { createAnswer, type AnswerOptions, type Call } from './answer.ts'
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
  const answer = createAnswer({ ...options, directory: async () => completing(await options.directory(), request) })
  const question = { request: asRouted(request), isStreaming }
  if (requests.length === 1) return answer(question, call)
  const trace = startTrace()
  const events = answer(question, { ...call, trace })
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

/** The places that take raw prompts, each asked for this completion. */
function completing(directory: ModelDirectory, request: CompletionRequest): ModelDirectory {
  return {
    names: () => directory.names(),
    targets: name => {
      const targets = directory.targets(name)
      const able = targets.flatMap(target => toCompleting(target, request))
      if (targets.length > 0 && able.length === 0) throw takesNoPrompts(name)
      return able
    },
  }
}

function toCompleting({ backend, ...target }: Target, request: CompletionRequest): readonly Target[] {
  const complete = backend.complete?.bind(backend)
  if (!complete) return []
  const { name, isLocal } = backend
  const stream: Backend['stream'] = ({ model }, signal) => complete({ ...request, model }, signal)
  return [{ ...target, backend: { name, isLocal, stream } }]
}

/** How a completion looks to what decides where it goes. */
function asRouted({ prompt, suffix = '', echoesPrompt: _echo, ...asked }: CompletionRequest): ModelRequest {
  const text = typeof prompt === 'string' ? prompt + suffix : suffix
  return { ...asked, system: [], messages: [{ role: 'user', content: [{ type: 'text', text }] }] }
}

function takesNoPrompts(model: string): ModelError {
  return new ModelError(
    'invalid-request',
    `model: ${JSON.stringify(model)} is served by a backend that takes no raw prompts; ask it at /v1/chat/completions, or choose a model on this machine`,
    { field: ['model'], code: 'unsupported-value' },
  )
}
