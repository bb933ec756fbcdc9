/** One thing of a request or an answer that a target cannot express. */
export interface Loss {
  /** The neutral field, dotted: `sampling.topK`, `messages.2.content.0`. */
  readonly field: string
  readonly action: 'dropped' | 'degraded' | 'emulated'
  readonly why: string
}
