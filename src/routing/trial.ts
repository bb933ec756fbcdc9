import type { ModelError } from '../core/errors.ts'
import type { Loss } from '../core/loss.ts'
import type { PlannedTarget } from './route-plan.ts'

/** A question as a search puts it to one target after the other. */
export interface Trial<Result> {
  /** The name that the client gave. */
  readonly model: string
  /** Puts it to a target. Until it gives a result, the client has seen nothing. Throws a `ModelError`. */
  attempt(target: PlannedTarget): Promise<Result>
  /** Whether a target is really asked; what is done in its place says nothing of how it fares. */
  isAsked(target: PlannedTarget): boolean
  /** Whether the whole exchange is passed on to this target as it came. */
  isRelayed(target: PlannedTarget): boolean
  /** What a target could not be told, as far as that is known beforehand. */
  losses(target: PlannedTarget): readonly Loss[]
  /** Gives the result to be used, and tells when it is over and how it ended. */
  watch(result: Result, onEnd: (failure?: ModelError) => void): Result
}
