import { ModelError } from '../core/errors.ts'
import type { ModelErrorOptions } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { privateAddressCode } from '../network/addresses.ts'
import { errorCode, whyUnreachable } from '../network/unreachable.ts'

/** Says in our own words why an exchange with a provider failed below HTTP. */
export function connectionFailure(name: string, error: unknown): ModelError {
  const code = errorCode(error)
  const failed = (problem: string): ModelError => new ModelError('unavailable', `${name} ${problem}`, { cause: error })
  if (code === privateAddressCode) return failed('leads to an address that is not allowed; give its URL if you mean it')
  const why = whyUnreachable(code)
  if (why !== undefined) return failed(`cannot be reached: ${why}`)
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    return failed('shows a certificate that is not trusted; set NODE_EXTRA_CA_CERTS if it is your own')
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return failed('sent headers that are too long')
  if (code.startsWith('HPE_')) return failed('sent something that is not HTTP; check its URL')
  return failed('broke the connection')
}

/** Gives a failure without the secrets that an upstream may have put into its words, and without letters that do harm. */
export function scrubbed(error: ModelError, secrets: readonly Secret[]): ModelError {
  const message = scrub(error.message, secrets)
  const told = error.cause instanceof Error ? error.cause.message : undefined
  const cause = told === undefined ? undefined : scrub(told, secrets)
  if (message === error.message && cause === told) return error
  const options: ModelErrorOptions = {
    ...(error.code !== undefined && { code: error.code }),
    ...(error.field !== undefined && { field: error.field }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(cause !== undefined && { cause: new Error(cause) }),
  }
  return new ModelError(error.kind, message, options)
}

const maxToldLength = 2000

// Control characters, and those that turn the direction of what is read.
const harmful = /\p{Cc}|\p{Zl}|\p{Zp}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/* A text this short would be found in many words that mean nothing. */
const shortestSecret = 4

/** Gives a text without secrets, and without letters that do harm. */
export function scrub(text: string, secrets: readonly Secret[]): string {
  const clean = secrets
    .map(secret => secret.reveal())
    .filter(value => value.length >= shortestSecret)
    .reduce((said, value) => said.replaceAll(value, '[secret]'), text)
  return clean.replaceAll(harmful, ' ').slice(0, maxToldLength)
}
