import type { Timeouts } from '../core/provider-settings.ts'
import type { Target } from './view.ts'

/** One place where a request may go, with how long and how often it is tried there. */
export interface PlannedTarget extends Target {
  /** The id by which rules name it. */
  readonly provider: string
  readonly isLocal: boolean
  readonly timeouts: Timeouts
  /** Whether this model was named for this provider, by a rule or by the request; else the name that is served stands in. */
  readonly isNamed: boolean
  /** How often it is tried again where a failure may pass. */
  readonly retries: number
}

/** Where a request may go, best first; never empty. */
export interface RoutePlan {
  /** The name of the rule that decided, or of what is built in. */
  readonly route: string
  readonly targets: readonly PlannedTarget[]
  /** Absent where targets that are not local may answer too. */
  readonly localOnly?: LocalOnly
  readonly steps: readonly RouteStep[]
}

/** What keeps a request on machines that are marked local. */
export interface LocalOnly {
  readonly by: 'settings' | 'rule' | 'key' | 'header' | 'conversation'
  /** The rule or the key. */
  readonly name?: string
}

/** One thing that was considered on the way, in the order in which it was. */
export interface RouteStep {
  readonly about: 'alias' | 'rule' | 'built-in' | 'target' | 'privacy'
  /** Which one: a rule's name, a target as `provider/model`… */
  readonly name: string
  readonly verdict: 'holds' | 'passed-over' | 'kept' | 'moved-back' | 'removed'
  readonly why: string
}

/** Gives a target's name as logs, headers and health records use it. */
export function targetName({ provider, model }: Pick<PlannedTarget, 'provider' | 'model'>): string {
  return `${provider}/${model}`
}
