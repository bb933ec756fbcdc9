/** What went wrong, in terms that every protocol can say and the router can act on. */
export type ErrorKind =
  | 'invalid-request'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'conflict'
  | 'too-large'
  | 'quota-exhausted'
  | 'rate-limited'
  | 'overloaded'
  | 'unavailable'
  | 'timeout'
  | 'aborted'
  | 'internal'

/** A narrower reason that clients act on, beside the kind. Each protocol has its own word for it, or none. */
export type ErrorCode =
  | 'context-length-exceeded'
  | 'model-not-found'
  | 'unsupported-thread'
  | 'unsupported-encoding'
  | 'previous-response-not-found'
  | 'missing-field'
  | 'wrong-type'
  | 'unsupported-value'

/** Where in the client's body the fault lies: `['messages', 0, 'content']`, in the wire's own spelling. */
export type FieldPath = readonly (string | number)[]

export interface ModelErrorOptions extends ErrorOptions {
  readonly code?: ErrorCode
  readonly field?: FieldPath
  readonly retryAfterMs?: number
  /** Whether the target that failed may succeed when it is asked the same again at once; no by default. */
  readonly isWorthRepeating?: boolean
  /** Whether the target was taken away after the request was planned, so that it is to be planned again; no by default. */
  readonly isOutdated?: boolean
}

/** A failure that a client may be told of. `message` is ours and safe to show; `cause` is for the log. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
  readonly kind: ErrorKind
  readonly code: ErrorCode | undefined
  readonly field: FieldPath | undefined
  readonly retryAfterMs: number | undefined
  readonly isWorthRepeating: boolean
  readonly isOutdated: boolean

  constructor(kind: ErrorKind, message: string, options: ModelErrorOptions = {}) {
    super(message, options)
    this.kind = kind
    this.code = options.code
    this.field = options.field
    this.retryAfterMs = options.retryAfterMs
    this.isWorthRepeating = options.isWorthRepeating ?? false
    this.isOutdated = options.isOutdated ?? false
  }
}

/** Gives the failure itself where it is a `ModelError`, and otherwise an `internal` one that hides the cause from clients. */
export function toModelError(error: unknown): ModelError {
  if (error instanceof ModelError) return error
  return new ModelError('internal', 'Duologue failed to answer this request; the cause is in the server log', {
    cause: error,
  })
}
