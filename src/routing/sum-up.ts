import { ModelError, type ErrorKind } from '../core/errors.ts'
import { targetName, type PlannedTarget } from './route-plan.ts'

/** One try at one target, for the record. */
export interface Attempt {
  readonly target: PlannedTarget
  readonly isRelayed: boolean
  /** Why it was given up; absent for the one that answers. */
  readonly failure?: ModelError
  /** What came next; absent for the one that answers. */
  readonly next?: 'again' | 'elsewhere' | 'anew' | 'tell'
  /** Whether the target was not asked: it was passed over, or what it would say was estimated. */
  readonly isSkipped?: true
}

/** Makes one failure of all that happened, which the client is told. */
export function sumUp(attempts: readonly Attempt[]): ModelError {
  const failed = attempts.filter(attempt => attempt.failure !== undefined)
  const asked = failed.filter(({ isSkipped }) => !isSkipped)
  // What a target said counts for more than why another was not asked.
  const last = asked.at(-1) ?? failed.at(-1)
  if (!last?.failure) return new ModelError('not-found', 'model: no target serves it', { code: 'model-not-found' })
  const failure = asOurs(last.failure, last.target)
  if (failed.length === 1) return failure
  const many = asked.length === 0 ? 'no target could be asked' : `${failed.length} attempts failed in turn`
  return new ModelError(failure.kind, `${many}; the last one: ${failure.message}`, {
    cause: new AggregateError(failed.map(attempt => attempt.failure)),
    ...detailsOf(failure),
  })
}

const ownersConcern: ReadonlySet<ErrorKind> = new Set(['unauthorized', 'forbidden', 'method-not-allowed'])

/* A client whose own key is good must not be told that a key was refused: it would ask its user for another. */
function asOurs(failure: ModelError, target: PlannedTarget): ModelError {
  if (!ownersConcern.has(failure.kind)) return failure
  const told = `${targetName(target)} refused this server (${failure.kind}); its owner has to look at that provider's settings`
  return new ModelError('unavailable', told, { cause: failure })
}

function detailsOf({ code, field, retryAfterMs }: ModelError) {
  return {
    ...(code && { code }),
    ...(field && { field }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}
