import type { Backend } from '../core/backend.ts'
import type { Capabilities } from '../core/capabilities.ts'
import type { Timeouts } from '../core/provider-settings.ts'
import type { ReadyRules } from './read-rules.ts'
import type { RestingTargets } from './target-health.ts'

/** One place that can answer: a backend, and the name that it knows the model by. */
export interface Target {
  readonly backend: Backend
  readonly model: string
  readonly capabilities?: Capabilities
}

/** Which models are here, and who serves them. */
export interface ModelDirectory {
  /** Gives the targets that serve a name, best first; none for an unknown one. */
  targets(name: string): readonly Target[]
  /** The names that a client may be told of. */
  names(): readonly string[]
}

/** A provider, as far as routes depend on it. */
export interface ProviderPlace {
  readonly backend: Backend
  readonly timeouts?: Timeouts
  /** What is known of a model of its; absent where nothing is. */
  capabilities?(model: string): Capabilities | undefined
}

/** Everything that decides about a way beside the request itself: a snapshot, which later changes do not touch. */
export interface RoutingView {
  readonly rules: ReadyRules
  readonly directory: ModelDirectory
  /** Gives the provider of this id; `local` is the directory's own and never asked for. */
  provider(id: string): ProviderPlace | undefined
  readonly health?: RestingTargets
  /** Whether the server's own settings forbid targets that are not local, whatever is asked. */
  readonly isLocalOnly?: boolean
  /** Whether what a target cannot express is refused for every request. */
  readonly isStrict?: boolean
  /** A number from 0 up to 1, another one each time. */
  readonly random: () => number
}

/** How rules call the models that are here. */
export const localProvider = 'local'
