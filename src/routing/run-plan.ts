import { ModelError, toModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { ModelRequest } from '../core/request.ts'
import { abortReason, commit } from './commit.ts'
import { startPatience, type Patience } from './patience.ts'
import type { RoutePlan, Target } from './plan-route.ts'
import { tryAgain } from './try-again.ts'

/** One try at one target, for the record. */
export interface Attempt {
  readonly backend: string
  readonly model: string
  /** Why it was given up; absent for the one that answers. */
  readonly failure?: ModelError
}

/** What a run keeps to. */
export interface RunRules {
  readonly signal: AbortSignal
  /** Whether the client's protocol shows this event. An attempt is final once it has shown one. */
  readonly isVisible: (event: ModelEvent) => boolean
  /** How long the client waits for headers; `Infinity` for an answer that is sent as a whole. */
  readonly headersAfterMs: number
  readonly onAttempt?: (attempt: Attempt) => void
}

/**
 * Opens the plan's first target that gets as far as saying something. One whose failure is worth repeating is tried twice.
 * After `headersAfterMs` it gives a stream that still looks for one: a failure of all targets is then thrown by the stream.
 */
export async function runPlan(plan: RoutePlan, request: ModelRequest, rules: RunRules): Promise<ModelStream> {
  const patience = startPatience(rules.headersAfterMs)
  const opened = openFirst(plan, request, { ...rules, patience })
  try {
    const isLate = await Promise.race([opened.then(() => false), patience.over.then(() => true)])
    return isLate ? openLater(opened) : await opened
  } finally {
    patience.cancel()
  }
}

type OpeningRules = RunRules & { readonly patience: Patience }

async function openFirst(plan: RoutePlan, request: ModelRequest, rules: OpeningRules): Promise<ModelStream> {
  const failures: ModelError[] = []
  for (const target of plan.targets) {
    if (rules.signal.aborted) throw abortReason(rules.signal)
    try {
      return await tryAgain(() => openTarget({ target, request, failures }, rules), rules.signal)
    } catch (error) {
      if (rules.signal.aborted) throw abortReason(rules.signal)
      if (!toModelError(error).isWorthTryingElsewhere) break
    }
  }
  throw sumUp(failures)
}

interface Opening {
  readonly target: Target
  readonly request: ModelRequest
  /** Grows by the failure, where there is one. */
  readonly failures: ModelError[]
}

async function openTarget(
  { target: { backend, model }, request, failures }: Opening,
  rules: OpeningRules,
): Promise<ModelStream> {
  try {
    const stream = await commit(backend.stream({ ...request, model }, rules.signal), rules)
    rules.onAttempt?.({ backend: backend.name, model })
    return stream
  } catch (error) {
    const failure = toModelError(error)
    rules.onAttempt?.({ backend: backend.name, model, failure })
    failures.push(failure)
    throw failure
  }
}

function sumUp(failures: readonly ModelError[]): ModelError {
  const last = failures.at(-1)
  if (!last) return new ModelError('not-found', 'model: no target serves it', { code: 'model-not-found' })
  if (failures.length === 1) return last
  return new ModelError(last.kind, `${failures.length} attempts failed in turn; the last one: ${last.message}`, {
    cause: new AggregateError(failures),
    ...(last.code && { code: last.code }),
    ...(last.field && { field: last.field }),
    ...(last.retryAfterMs !== undefined && { retryAfterMs: last.retryAfterMs }),
  })
}

/** A stream whose answer is still being looked for. Closing it closes what is found. */
function openLater(opened: Promise<ModelStream>): AsyncIterableIterator<ModelEvent> {
  const source = opened.then(stream => stream[Symbol.asyncIterator]())
  source.catch(() => undefined)
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => (await source).next(),
    async return() {
      const found = await source.catch(() => undefined)
      await found?.return?.()
      return { done: true, value: undefined }
    },
  }
}
