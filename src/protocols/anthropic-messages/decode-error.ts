import { type ErrorKind, ModelError } from '../../core/errors.ts'
import { objectIn, stringIn } from '../json.ts'
import type { RequestHeaders } from '../protocol.ts'
import { saysTooLong } from '../too-long.ts'

const kindOfType: Readonly<Record<string, ErrorKind>> = {
  invalid_request_error: 'invalid-request',
  authentication_error: 'unauthorized',
  billing_error: 'quota-exhausted',
  permission_error: 'forbidden',
  not_found_error: 'not-found',
  conflict_error: 'conflict',
  request_too_large: 'too-large',
  rate_limit_error: 'rate-limited',
  timeout_error: 'timeout',
  overloaded_error: 'overloaded',
  api_error: 'unavailable',
}

const kindOfStatus: Readonly<Record<number, ErrorKind>> = {
  401: 'unauthorized',
  402: 'quota-exhausted',
  403: 'forbidden',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  413: 'too-large',
  429: 'rate-limited',
  // What it never does is no failure of the moment.
  501: 'not-found',
  504: 'timeout',
  529: 'overloaded',
}

/* What a client can mend. The upstream's own words may hold anything that was sent, so they are left to the cause. */
const mendable: Readonly<Partial<Record<ErrorKind, string>>> = {
  'invalid-request': 'the upstream refused the request as invalid',
  'not-found': 'the upstream does not know this model or address',
  'too-large': 'the request is larger than the upstream takes',
  conflict: 'the upstream is in a state that conflicts with this request',
}

const maxMessageLength = 2000

/** Reads a failed reply. A type that is known says more than the status; of the two that are `api_error`, the status does. */
export function decodeError(status: number, headers: RequestHeaders, body: unknown): ModelError {
  return toError(kindOf(typeOf(body), status), body, { status, retryAfterMs: readRetryAfter(headers) })
}

/** Reads an error that came within a stream. */
export function decodeErrorBody(body: unknown): ModelError {
  return toError(kindOf(typeOf(body), 500), body, {})
}

/** What an upstream sent is not an answer. */
export function broken(problem: string): ModelError {
  return new ModelError('unavailable', problem)
}

function typeOf(body: unknown): string {
  return stringIn(objectIn(objectIn(body)?.['error'])?.['type']) ?? ''
}

function kindOf(type: string, status: number): ErrorKind {
  if (Object.hasOwn(kindOfType, type)) return kindOfType[type] ?? 'unavailable'
  const kind = kindOfStatus[status]
  if (kind) return kind
  return status >= 400 && status < 500 ? 'invalid-request' : 'unavailable'
}

interface Circumstances {
  readonly status?: number
  readonly retryAfterMs?: number | undefined
}

function toError(kind: ErrorKind, body: unknown, { status, retryAfterMs }: Circumstances): ModelError {
  const told = (stringIn(objectIn(objectIn(body)?.['error'])?.['message']) ?? '').slice(0, maxMessageLength)
  const reason = status === undefined ? kind : `${kind}, HTTP ${status}`
  const isTooLong = (kind === 'invalid-request' || kind === 'too-large') && saysTooLong(told)
  const mend = mendable[kind]
  const plain = mend === undefined ? `the upstream failed to answer (${reason})` : mend + whereIn(told)
  return new ModelError(kind, isTooLong ? tellTooLong(told) : plain, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isTooLong && { code: 'context-length-exceeded' }),
    ...(told !== '' && { cause: new Error(told) }),
  })
}

/* Agents look for these words and shorten what they send. */
const tooLong = /prompt is too long: \d{1,12} tokens > \d{1,12} maximum/

function tellTooLong(told: string): string {
  const [words] = tooLong.exec(told) ?? []
  return words ?? 'prompt is too long: the conversation is longer than the context of the model at the upstream'
}

/* A path of fields, as the upstream writes it before what it finds wrong there: a name and places, never a word of ours. */
const place =
  /^((?:messages|system|tools|tool_choice|thinking|max_tokens|metadata|stop_sequences|temperature|top_p|top_k|output_config|model)(?:\.(?:\d{1,5}|[a-z_]{1,32})){0,8}): /

function whereIn(told: string): string {
  const [, field] = place.exec(told) ?? []
  return field === undefined ? '' : `, at ${field}`
}

const maxRetryAfterMs = 24 * 60 * 60 * 1000

function readRetryAfter(headers: RequestHeaders): number | undefined {
  const milliseconds = positive(headers['retry-after-ms'])
  if (milliseconds !== undefined) return Math.min(milliseconds, maxRetryAfterMs)
  const seconds = positive(headers['retry-after'])
  return seconds === undefined ? undefined : Math.min(seconds * 1000, maxRetryAfterMs)
}

function positive(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
