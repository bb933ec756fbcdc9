import type { ErrorKind, ModelError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import { errorObject } from '../openai-error-words.ts'
import type { SseFrame } from '../sse.ts'

/** Says within a response why it failed. Agents act on these words: they compact, wait, or give up. */
export function failureOf(error: ModelError): JsonObject {
  const { message, code, param } = errorObject(error)
  return { code: error.code === undefined ? codes[error.kind] : code, message, ...(param !== null && { param }) }
}

/** The last frame of a stream that failed before there was a response. */
export function encodeStreamError(error: ModelError): SseFrame {
  const { message, code, param } = errorObject(error)
  return { event: 'error', data: JSON.stringify({ type: 'error', code, message, param, sequence_number: 0 }) }
}

const codes: Readonly<Record<ErrorKind, string>> = {
  'invalid-request': 'invalid_prompt',
  unauthorized: 'server_error',
  forbidden: 'server_error',
  'not-found': 'server_error',
  'method-not-allowed': 'server_error',
  conflict: 'server_error',
  'too-large': 'invalid_prompt',
  'quota-exhausted': 'insufficient_quota',
  'rate-limited': 'rate_limit_exceeded',
  overloaded: 'server_is_overloaded',
  unavailable: 'server_error',
  timeout: 'server_error',
  aborted: 'server_error',
  internal: 'server_error',
}
