import type { Circumstances } from '../core/route-rules.ts'
import type { AnswerTrace } from '../telemetry/observe.ts'

/** What a request that is routed comes with. */
export interface RoutedCall {
  readonly signal: AbortSignal
  readonly circumstances: Circumstances
  /** Where what is learnt of the answer is noted. */
  readonly trace?: AnswerTrace
}
