import type { ErrorCode, ErrorKind, ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { EncodedError } from '../protocol.ts'
import type { SseFrame } from '../sse.ts'
import type { WireError } from './wire.ts'

interface Word {
  readonly status: number
  readonly type: string
}

const words: Readonly<Record<ErrorKind, Word>> = {
  'invalid-request': { status: 400, type: 'invalid_request_error' },
  unauthorized: { status: 401, type: 'authentication_error' },
  'quota-exhausted': { status: 402, type: 'billing_error' },
  forbidden: { status: 403, type: 'permission_error' },
  'not-found': { status: 404, type: 'not_found_error' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error' },
  conflict: { status: 409, type: 'conflict_error' },
  'too-large': { status: 413, type: 'request_too_large' },
  'rate-limited': { status: 429, type: 'rate_limit_error' },
  aborted: { status: 499, type: 'invalid_request_error' },
  internal: { status: 500, type: 'api_error' },
  unavailable: { status: 503, type: 'api_error' },
  timeout: { status: 504, type: 'timeout_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
}

const details: Readonly<Partial<Record<ErrorCode, JsonObject>>> = {
  // No single feature is at fault, so none is named: the tool runner of the official SDK goes on without a thread.
  'unsupported-thread': { error_code: 'thread_unsupported_request', unsupported: [] },
  'unsupported-encoding': { error_code: 'request_body_encoding_unsupported' },
}

const worthRetrying: ReadonlySet<ErrorKind> = new Set(['rate-limited', 'overloaded', 'unavailable', 'timeout'])

/** Tells of a failure before the answer began. */
export function encodeError(error: ModelError, requestId: string): EncodedError {
  const { retryAfterMs, kind } = error
  return {
    status: words[kind].status,
    headers: {
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }),
      // Left to itself, the official SDK tries every 409 and 5xx twice more.
      ...(!worthRetrying.has(kind) && { 'x-should-retry': 'false' }),
    },
    body: encodeBody(error, requestId),
  }
}

/** Tells of a failure within a stream. The official SDK looks at the name of the event. */
export function encodeStreamError(error: ModelError, requestId: string): SseFrame {
  return { event: 'error', data: JSON.stringify(encodeBody(error, requestId)) }
}

function encodeBody({ kind, code, message }: ModelError, requestId: string): WireError {
  const detail = code && details[code]
  return {
    type: 'error',
    error: { type: words[kind].type, message, ...(detail && { details: detail }) },
    request_id: requestId,
  }
}
