import type { Circumstances } from '../core/route-rules.ts'

/** What a request that is routed comes with. */
export interface RoutedCall {
  readonly signal: AbortSignal
  readonly circumstances: Circumstances
}
