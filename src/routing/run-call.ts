import { ModelError } from '../core/errors.ts'
import type { Loss } from '../core/loss.ts'
import { supervisionOf, timedAsWhole } from './attempt.ts'
import { commit } from './commit.ts'
import { startPatience } from './patience.ts'
import type { PlannedTarget, RoutePlan } from './route-plan.ts'
import { Search, type SearchRules } from './search.ts'
import { supervise } from './supervise.ts'
import type { Trial } from './trial.ts'

/** Something that comes as a whole: a count, vectors, a ranking. */
export interface Call<Result> {
  /** The name that the client gave. */
  readonly model: string
  /** Asks a target. Throws a `ModelError`. */
  ask(target: PlannedTarget, signal: AbortSignal): Promise<Result>
  /** Whether a target is really asked; the result of one that is not says nothing of how it fares. */
  isAsked(target: PlannedTarget): boolean
  /** What a target could not be told, as far as that is known beforehand. */
  losses(target: PlannedTarget): readonly Loss[]
}

/**
 * Asks the plan's targets in turn until one says something, as `runPlan` does for answers: with the same pauses, the same
 * budget and the same memory of how targets fare. Throws a `ModelError`.
 */
export function runCall<Result>(plan: RoutePlan, call: Call<Result>, rules: SearchRules): Promise<Result> {
  return new Search(plan, callTrial(call, rules), rules).run()
}

function callTrial<Result>(call: Call<Result>, rules: SearchRules): Trial<Result> {
  return {
    model: call.model,
    attempt: target => askOnce(signal => call.ask(target, signal), target, rules),
    isAsked: target => call.isAsked(target),
    isRelayed: () => false,
    losses: target => call.losses(target),
    watch: (result, onEnd) => {
      onEnd()
      return result
    },
  }
}

/* What comes as a whole is a stream of one item: limits and a client that leaves are heeded as everywhere. */
async function askOnce<Result>(
  ask: (signal: AbortSignal) => Promise<Result>,
  target: PlannedTarget,
  { signal, means, ...rules }: SearchRules,
): Promise<Result> {
  const items = supervise(signal => once(() => ask(signal)), {
    ...supervisionOf(timedAsWhole(target), { ...rules, signal, clock: means.clock }),
    isSaying: always,
  })
  const patience = startPatience(Infinity)
  const whole = await commit(items, { signal, patience, isVisible: always, isTelling: always, isEnd: always })
  const { value, done } = await whole.next()
  // There is no more of it, and nothing is to be timed any longer.
  await whole.return?.()
  if (done) throw new ModelError('unavailable', 'the target said nothing')
  return value
}

async function* once<Result>(ask: () => Promise<Result>): AsyncGenerator<Result> {
  yield await ask()
}

function always(): boolean {
  return true
}
