import type { ErrorCode, ErrorKind, ModelError } from '../core/errors.ts'
import type { EncodedError } from './protocol.ts'

/* How the OpenAI protocols tell of a failure. */

/** What OpenAI's clients read of a failure. */
export type ErrorObject = {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

/** Says a failure in OpenAI's words. */
export function encodeError(error: ModelError, requestId: string): EncodedError {
  const { status, retry } = words[error.kind]
  return {
    status,
    headers: {
      'x-request-id': requestId,
      ...(retry !== undefined && { 'x-should-retry': String(retry) }),
      ...retryAfter(error.retryAfterMs),
    },
    body: { error: errorObject(error) },
  }
}

interface Words {
  readonly status: number
  readonly type: string
  readonly code: string | null
  /** Overrides the rule of the official clients, which repeat 408, 409, 429 and everything from 500 up. */
  readonly retry?: boolean
}

const words: Readonly<Record<ErrorKind, Words>> = {
  'invalid-request': { status: 400, type: 'invalid_request_error', code: null },
  unauthorized: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  forbidden: { status: 403, type: 'permission_error', code: 'permission_denied' },
  'not-found': { status: 404, type: 'invalid_request_error', code: 'not_found' },
  'method-not-allowed': { status: 405, type: 'invalid_request_error', code: 'method_not_supported' },
  conflict: { status: 409, type: 'invalid_request_error', code: 'conflict', retry: false },
  'too-large': { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
  'quota-exhausted': { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', retry: false },
  'rate-limited': { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', retry: true },
  // Clients wait after a 429 as long as it says; after a 503 they often take the whole server for down.
  overloaded: { status: 429, type: 'rate_limit_error', code: 'overloaded', retry: true },
  unavailable: { status: 503, type: 'server_error', code: 'unavailable', retry: true },
  timeout: { status: 504, type: 'server_error', code: 'timeout', retry: true },
  aborted: { status: 499, type: 'invalid_request_error', code: 'request_aborted', retry: false },
  internal: { status: 500, type: 'server_error', code: 'internal_error', retry: false },
}

const codes: Readonly<Record<ErrorCode, string>> = {
  'context-length-exceeded': 'context_length_exceeded',
  'model-not-found': 'model_not_found',
  'unsupported-thread': 'unsupported_value',
  'unsupported-encoding': 'request_body_encoding_unsupported',
  'previous-response-not-found': 'previous_response_not_found',
  'missing-field': 'missing_required_parameter',
  'wrong-type': 'invalid_type',
  'unsupported-value': 'unsupported_value',
}

/** Says what failed, without a status. */
export function errorObject(error: ModelError): ErrorObject {
  const { type } = words[error.kind]
  const param = error.field && error.field.length > 0 ? error.field.join('.') : null
  return { message: error.message, type, param, code: errorCode(error) }
}

function errorCode({ kind, code, field }: ModelError): string | null {
  if (code) return codes[code]
  return kind === 'invalid-request' && field ? 'invalid_value' : words[kind].code
}

function retryAfter(ms: number | undefined): Readonly<Record<string, string>> {
  if (ms === undefined) return {}
  const whole = Math.max(0, Math.ceil(ms))
  return { 'retry-after': String(Math.ceil(whole / 1000)), 'retry-after-ms': String(whole) }
}
