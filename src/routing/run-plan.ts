import type { Ask } from './ask.ts'
import { answerTrial, type AttemptRules, type Found } from './attempt.ts'
import { startPatience } from './patience.ts'
import type { RoutePlan } from './route-plan.ts'
import { Search, type SearchRules } from './search.ts'

/** What a run keeps to. */
export interface RunRules extends SearchRules, Pick<AttemptRules, 'isVisible'> {
  /** How long the client waits for headers; `Infinity` for an answer that is sent as a whole. */
  readonly headersAfterMs: number
}

/** An answer, or, where the client has waited long enough for its headers, the promise of one. */
export type RunResult = Found | { readonly type: 'pending'; readonly found: Promise<Found> }

/**
 * Opens the plan's first target that gets as far as saying something: asks again where a failure may pass, and else the
 * next one. After `headersAfterMs` it gives a result that is still looked for; a failure of all targets is then its own.
 */
export async function runPlan(plan: RoutePlan, ask: Ask, rules: RunRules): Promise<RunResult> {
  const patience = startPatience(rules.headersAfterMs)
  const trial = answerTrial(ask, { ...rules, patience, clock: rules.means.clock })
  const found = new Search(plan, trial, rules).run()
  try {
    const isLate = await Promise.race([found.then(() => false), patience.over.then(() => true)])
    if (!isLate) return await found
    found.catch(() => undefined)
    return { type: 'pending', found }
  } finally {
    patience.cancel()
  }
}
