import { type ErrorCode, type ErrorKind, ModelError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { objectIn, stringIn } from '../json.ts'
import type { RequestHeaders } from '../protocol.ts'

/** Reads a failed reply. The upstream's own words go into `cause`, for the log; a client is told only what kind it was. */
export function decodeError(status: number, headers: RequestHeaders, body: unknown): ModelError {
  const error = objectIn(objectIn(body)?.['error'])
  return upstreamError(error, kindOfStatus(status, wordsIn(error)), retryAfterMs(headers))
}

/** Reads the error that a stream or a reply with status 200 carries. */
export function decodeStreamError(value: Json): ModelError {
  const error = objectIn(value)
  const status = error?.['code'] ?? error?.['status']
  const numeric = typeof status === 'number' ? status : Number(stringIn(status))
  return upstreamError(error, kindOfStatus(numeric, wordsIn(error)))
}

function upstreamError(error: ReturnType<typeof objectIn>, kind: ErrorKind, retryAfterMs?: number): ModelError {
  const code = wordsIn(error)
    .map(word => upstreamCodes.get(word))
    .find(known => known !== undefined)
  const said = stringIn(error?.['message'])
  return new ModelError(kind, explain(kind, code), {
    ...(code && { code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(said !== undefined && { cause: new Error(said.slice(0, maxSaidLength)) }),
  })
}

const maxSaidLength = 2000

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
function wordsIn(error: ReturnType<typeof objectIn>): readonly string[] {
  return [stringIn(error?.['code']), stringIn(error?.['type'])].filter(word => word !== undefined)
}

const kindsByWord: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ['insufficient_quota', 'quota-exhausted'],
  ['billing_hard_limit_reached', 'quota-exhausted'],
  ['rate_limit_exceeded', 'rate-limited'],
  ['rate_limit_error', 'rate-limited'],
  ['model_not_found', 'not-found'],
  ['context_length_exceeded', 'invalid-request'],
  ['invalid_api_key', 'unauthorized'],
  ['permission_error', 'forbidden'],
  ['overloaded', 'overloaded'],
  ['overloaded_error', 'overloaded'],
  ['server_is_overloaded', 'overloaded'],
  ['timeout', 'timeout'],
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
  [503, 'overloaded'],
  [504, 'timeout'],
  [529, 'overloaded'],
])

const upstreamCodes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['context_length_exceeded', 'context-length-exceeded'],
  ['model_not_found', 'model-not-found'],
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
