import { type ErrorCode, type ErrorKind, ModelError } from '../core/errors.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { arrayIn, objectIn, stringIn } from './json.ts'
import type { RequestHeaders } from './protocol.ts'
import { saysTooLong } from './too-long.ts'

/* What the OpenAI protocols share: their words for what went wrong, and those of the servers that speak like them. */

/** Reads a failed reply. The upstream's own words go into `cause`, for the log; a client is told only what kind it was. */
export function decodeError(status: number, headers: RequestHeaders, body: unknown): ModelError {
  const error = errorIn(body)
  return upstreamError(error, kindOfStatus(status, wordsIn(error)), retryAfterMs(headers))
}

/** Finds the error in a body. Google wraps its own in a list; some servers name only a message. */
function errorIn(body: unknown): JsonObject | undefined {
  const whole = objectIn(arrayIn(body)?.[0] ?? body)
  const error = whole?.['error'] ?? whole
  return typeof error === 'string' ? { message: error } : objectIn(error)
}

/** Reads the error that a stream or a reply with status 200 carries. */
export function decodeStreamError(value: Json): ModelError {
  const error = objectIn(value)
  const status = error?.['code'] ?? error?.['status']
  const numeric = typeof status === 'number' ? status : Number(stringIn(status))
  return upstreamError(error, kindOfStatus(numeric, wordsIn(error)))
}

/** What an upstream sent that is not an answer. */
export function broken(what: string): ModelError {
  return new ModelError('unavailable', `the upstream sent ${what}`)
}

function upstreamError(error: JsonObject | undefined, kind: ErrorKind, retryAfterMs?: number): ModelError {
  const said = stringIn(error?.['message'])
  const code = codeOf(error, kind, said)
  return new ModelError(kind, explain(kind, code) + whereIn(error, kind), {
    ...(code && { code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(said !== undefined && { cause: new Error(said.slice(0, maxSaidLength)) }),
  })
}

const maxSaidLength = 2000

function codeOf(error: JsonObject | undefined, kind: ErrorKind, said = ''): ErrorCode | undefined {
  const known = wordsIn(error).find(word => upstreamCodes.has(word))
  if (known !== undefined) return upstreamCodes.get(known)
  const mayBeTooLong = kind === 'invalid-request' || kind === 'too-large'
  const isTooLong = mayBeTooLong && saysTooLong(said.slice(0, maxSaidLength))
  return isTooLong ? 'context-length-exceeded' : undefined
}

/** Names the field that the upstream found fault with: a name, never its words. */
function whereIn(error: JsonObject | undefined, kind: ErrorKind): string {
  const param = stringIn(error?.['param'])
  return kind === 'invalid-request' && param !== undefined && /^[\w.[\]-]{1,100}$/.test(param) ? `, at ${param}` : ''
}

function explain(kind: ErrorKind, code: ErrorCode | undefined): string {
  if (code === 'context-length-exceeded')
    return 'the conversation is longer than the context of the model at the upstream'
  return explanations[kind]
}

const explanations: Readonly<Record<ErrorKind, string>> = {
  'invalid-request': 'the upstream refused the request as invalid',
  unauthorized: 'the upstream did not accept the key that it was given',
  forbidden: 'the upstream does not allow this request with the key that it was given',
  'not-found': 'the upstream does not know this model or address',
  'method-not-allowed': 'the upstream does not take this kind of request at this address',
  conflict: 'the upstream is in a state that conflicts with this request',
  'too-large': 'the request is larger than the upstream takes',
  'quota-exhausted': 'the account at the upstream has no credit or quota left',
  'rate-limited': 'the upstream limits how many requests it takes',
  overloaded: 'the upstream is overloaded',
  unavailable: 'the upstream failed to answer',
  timeout: 'the upstream did not answer in time',
  aborted: 'the request was given up',
  internal: 'the upstream failed to answer',
}

/** The short words in which an upstream names its error. */
function wordsIn(error: JsonObject | undefined): readonly string[] {
  return ['code', 'type', 'status'].flatMap(field => stringIn(error?.[field])?.toLowerCase() ?? [])
}

const kindsByWord: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ['insufficient_quota', 'quota-exhausted'],
  ['billing_hard_limit_reached', 'quota-exhausted'],
  ['rate_limit_exceeded', 'rate-limited'],
  ['rate_limit_error', 'rate-limited'],
  ['resource_exhausted', 'rate-limited'],
  ['model_not_found', 'not-found'],
  ['context_length_exceeded', 'invalid-request'],
  ['previous_response_not_found', 'invalid-request'],
  ['invalid_prompt', 'invalid-request'],
  ['bio_policy', 'invalid-request'],
  ['cyber_policy', 'invalid-request'],
  ['misalignment_policy_violation', 'invalid-request'],
  ['image_content_policy_violation', 'invalid-request'],
  ['invalid_image', 'invalid-request'],
  ['invalid_image_format', 'invalid-request'],
  ['invalid_base64_image', 'invalid-request'],
  ['invalid_image_url', 'invalid-request'],
  ['invalid_image_mode', 'invalid-request'],
  ['image_too_large', 'invalid-request'],
  ['image_too_small', 'invalid-request'],
  ['image_parse_error', 'invalid-request'],
  ['image_file_too_large', 'invalid-request'],
  ['image_file_not_found', 'invalid-request'],
  ['empty_image_file', 'invalid-request'],
  ['unsupported_image_media_type', 'invalid-request'],
  ['failed_to_download_image', 'invalid-request'],
  ['data_residency_mismatch', 'forbidden'],
  ['invalid_api_key', 'unauthorized'],
  ['unauthenticated', 'unauthorized'],
  ['permission_error', 'forbidden'],
  ['permission_denied', 'forbidden'],
  ['overloaded', 'overloaded'],
  ['overloaded_error', 'overloaded'],
  ['server_is_overloaded', 'overloaded'],
  ['slow_down', 'overloaded'],
  ['over_capacity', 'overloaded'],
  ['timeout', 'timeout'],
  ['deadline_exceeded', 'timeout'],
  ['vector_store_timeout', 'timeout'],
])

const kindsByStatus: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  [400, 'invalid-request'],
  [401, 'unauthorized'],
  [402, 'quota-exhausted'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [405, 'method-not-allowed'],
  [408, 'timeout'],
  [409, 'conflict'],
  [413, 'too-large'],
  [422, 'invalid-request'],
  [429, 'rate-limited'],
  // What it never does is no failure of the moment.
  [501, 'not-found'],
  [503, 'overloaded'],
  [504, 'timeout'],
  [529, 'overloaded'],
])

const upstreamCodes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['context_length_exceeded', 'context-length-exceeded'],
  ['exceed_context_size_error', 'context-length-exceeded'],
  ['model_not_found', 'model-not-found'],
  ['previous_response_not_found', 'previous-response-not-found'],
])

/** A known word is narrower than a status. What neither explains is the upstream's own failure. */
function kindOfStatus(status: number, said: readonly string[]): ErrorKind {
  const word = said.find(word => kindsByWord.has(word))
  if (word !== undefined) return kindsByWord.get(word) ?? 'unavailable'
  if (status >= 400 && status < 500) return kindsByStatus.get(status) ?? 'invalid-request'
  if (Number.isNaN(status) && said.includes('invalid_request_error')) return 'invalid-request'
  return kindsByStatus.get(status) ?? 'unavailable'
}

/** Reads `retry-after-ms` or `retry-after`; a date, which would need a clock, is left aside. */
function retryAfterMs(headers: RequestHeaders): number | undefined {
  const ms = waitIn(headers['retry-after-ms'])
  const seconds = waitIn(headers['retry-after'])
  if (ms !== undefined) return ms
  return seconds === undefined ? undefined : seconds * 1000
}

function waitIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined
}
