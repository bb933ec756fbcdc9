import { ModelError, toModelError } from '../core/errors.ts'
import { tooLossy } from './attempt.ts'
import { backOffMs } from './back-off.ts'
import { classify } from './classify.ts'
import { pause } from './clock.ts'
import { abortReason } from './commit.ts'
import { isLocalTarget, mustStay } from './keep-private.ts'
import { targetName, type PlannedTarget, type RoutePlan } from './route-plan.ts'
import type { RunMeans } from './run-means.ts'
import { sumUp, type Attempt } from './sum-up.ts'
import type { Refusal } from './target-health.ts'
import type { Trial } from './trial.ts'
import { localProvider } from './view.ts'

/** What a search keeps to. */
export interface SearchRules {
  readonly signal: AbortSignal
  readonly means: RunMeans
  /** Whether what a target cannot express is refused rather than left out. */
  readonly isStrict?: boolean
  /** When the whole search is over, by the clock. */
  readonly endsAt?: number
  readonly onAttempt?: (attempt: Attempt) => void
  /** Plans the request anew, where a target of its plan is no longer set up. Throws a `ModelError`. */
  readonly replan?: () => Promise<RoutePlan>
}

const mostRepetitions = 2

/** What became of one attempt. */
type Tried<Result> =
  | { readonly type: 'result'; readonly result: Result }
  | { readonly type: 'failed'; readonly pauseMs: number | undefined }

/** Looks for the first target of a plan that gets as far as saying something. */
export class Search<Result> {
  #plan: RoutePlan
  readonly #trial: Trial<Result>
  readonly #rules: SearchRules
  readonly #attempts: Attempt[] = []
  #repetitions = 0
  #isPlannedAnew = false

  constructor(plan: RoutePlan, trial: Trial<Result>, rules: SearchRules) {
    this.#plan = plan
    this.#trial = trial
    this.#rules = rules
  }

  /** Throws a `ModelError` where no target answers, or the client left. */
  async run(): Promise<Result> {
    this.#rules.means.budget.note()
    const tried = (await this.#tryPlan()) ?? (await this.#tryAnew())
    if (tried) return tried.result
    throw sumUp(this.#attempts)
  }

  async #tryPlan(): Promise<{ readonly result: Result } | undefined> {
    for (const target of this.#plan.targets) {
      const tried = await this.#tryTarget(target)
      if (tried) return tried
      if (this.#attempts.at(-1)?.next !== 'elsewhere') break
    }
    return undefined
  }

  /* What was changed meanwhile may have changed what keeps the request here, so all of it is decided again. */
  async #tryAnew(): Promise<{ readonly result: Result } | undefined> {
    if (this.#attempts.at(-1)?.next !== 'anew' || !this.#rules.replan) return undefined
    this.#isPlannedAnew = true
    this.#plan = await this.#rules.replan()
    return this.#tryPlan()
  }

  async #tryTarget(target: PlannedTarget): Promise<{ readonly result: Result } | undefined> {
    for (let before = 0; ; before += 1) {
      this.#checkClient()
      const refusal = this.#whyNotAsked(target)
      if (refusal)
        return this.#note({ target, isRelayed: false, failure: refusal, next: this.#after(target), isSkipped: true })
      const tried = await this.#tryOnce(target, before)
      if (tried.type === 'result') return tried
      if (tried.pauseMs === undefined) return undefined
      await pause(tried.pauseMs, this.#rules.means.clock, this.#rules.signal)
    }
  }

  async #tryOnce(target: PlannedTarget, before: number): Promise<Tried<Result>> {
    const isRelayed = this.#isRelayed(target)
    try {
      const result = await this.#trial.attempt(target)
      this.#note({ target, isRelayed, ...(!this.#trial.isAsked(target) && { isSkipped: true }) })
      return { type: 'result', result: this.#watchEnd(target, result) }
    } catch (error) {
      const failure = toModelError(error)
      this.#report(target, failure)
      const pauseMs = this.#pauseMs(target, failure, before)
      const next = pauseMs === undefined ? this.#nextAfter(target, failure) : 'again'
      this.#note({ target, isRelayed, failure, next })
      this.#checkClient()
      return { type: 'failed', pauseMs }
    }
  }

  #checkClient(): void {
    if (this.#rules.signal.aborted) throw abortReason(this.#rules.signal)
  }

  /* Reasons that are known before a byte is sent. */
  #whyNotAsked(target: PlannedTarget): ModelError | undefined {
    const { localOnly } = this.#plan
    // The plan holds no such target; this is the last door before the bytes go out.
    if (localOnly && !isLocalTarget(target)) throw mustStay(localOnly, this.#trial.model)
    const loss = this.#rules.isStrict && !this.#isRelayed(target) ? this.#whyTooLossy(target) : undefined
    if (loss) return loss
    if (!this.#isWatched(target)) return undefined
    const admission = this.#rules.means.health.admit(targetName(target))
    return admission.isAdmitted ? undefined : resting(target, admission)
  }

  #whyTooLossy(target: PlannedTarget): ModelError | undefined {
    try {
      const losses = this.#trial.losses(target)
      return losses.length > 0 ? tooLossy(target, losses) : undefined
    } catch (error) {
      // A target that cannot be sent the request at all says so here.
      return toModelError(error)
    }
  }

  /* What goes wrong in finding out goes wrong again in the attempt, where it is told. */
  #isRelayed(target: PlannedTarget): boolean {
    try {
      return this.#trial.isRelayed(target)
    } catch {
      return false
    }
  }

  /** How long to wait before the same target is asked again; nothing, where it is not. */
  #pauseMs(target: PlannedTarget, failure: ModelError, before: number): number | undefined {
    // What the target itself asks to be repeated is, once and at once.
    if (failure.isWorthRepeating && before === 0) return 0
    if (failure.isOutdated) return undefined
    if (classify(failure).next !== 'again' || before >= target.retries) return undefined
    if (this.#repetitions >= mostRepetitions) return undefined
    const { random, budget, clock } = this.#rules.means
    const pauseMs = backOffMs({ before, retryAfterMs: failure.retryAfterMs, chance: random() })
    if (pauseMs === undefined || clock.now() + pauseMs >= (this.#rules.endsAt ?? Infinity)) return undefined
    if (this.#rules.signal.aborted || !budget.take()) return undefined
    this.#repetitions += 1
    return pauseMs
  }

  #nextAfter(target: PlannedTarget, failure: ModelError): 'elsewhere' | 'anew' | 'tell' {
    if (failure.isOutdated && this.#rules.replan && !this.#isPlannedAnew) return 'anew'
    return classify(failure).next === 'tell' ? 'tell' : this.#after(target)
  }

  #after(target: PlannedTarget): 'elsewhere' | 'tell' {
    return this.#plan.targets.at(-1) === target ? 'tell' : 'elsewhere'
  }

  /* The embedded engine knows best itself how it fares, and says so before it is asked. */
  #isWatched(target: PlannedTarget): boolean {
    return target.provider !== localProvider && this.#trial.isAsked(target)
  }

  #report(target: PlannedTarget, failure?: ModelError): void {
    if (!this.#isWatched(target)) return
    const { health } = this.#rules.means
    // One that is no longer set up says nothing of another one of its name.
    if (this.#rules.signal.aborted || failure?.isOutdated === true) health.leave(targetName(target))
    else health.note(targetName(target), failure)
  }

  #watchEnd(target: PlannedTarget, result: Result): Result {
    if (!this.#isWatched(target)) return result
    this.#rules.means.health.speaks(targetName(target))
    return this.#trial.watch(result, failure => this.#report(target, failure))
  }

  #note(attempt: Attempt): undefined {
    this.#attempts.push(attempt)
    this.#rules.onAttempt?.(attempt)
  }
}

function resting(target: PlannedTarget, { kind, restsForMs }: Refusal): ModelError {
  const told = `${targetName(target)} failed of late (${kind}) and is asked again in ${Math.ceil(restsForMs / 1000)} s`
  return new ModelError(kind === 'rate-limited' ? kind : 'unavailable', told, { retryAfterMs: restsForMs })
}
