import type { PullDependencies } from '../services/pull-model.ts'
import type { Output } from './output.ts'

/** What the commands about models are given. */
export interface ModelsContext {
  readonly output: Output
  /** Aborts when the user presses Ctrl-C. */
  readonly signal: AbortSignal
  /** Reads the configuration when a command runs, so that help needs none. Throws for one that is wrong. */
  readonly dependencies: () => Promise<PullDependencies>
}
