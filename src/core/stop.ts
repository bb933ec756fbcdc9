/** The neutral words for why a model stopped. */
export type StopReason =
  | 'end-turn'
  | 'max-tokens'
  | 'context-window'
  | 'stop-sequence'
  | 'tool-use'
  | 'refusal'
  | 'pause'

/** Why a model stopped. `raw` keeps the upstream's own word, so that no mapping loses it. */
export interface Stop {
  readonly reason: StopReason
  /** The stop sequence that matched, where the upstream says so. */
  readonly sequence?: string
  readonly raw?: string
  /** Why the model refused, in words, and the policy category. */
  readonly explanation?: string
  readonly category?: string
}
