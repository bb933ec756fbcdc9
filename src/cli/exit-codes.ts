import { CommanderError } from 'commander'
import { ConfigError } from '../config/config.ts'
import { ModelError } from '../core/errors.ts'
import type { ErrorKind } from '../core/errors.ts'

/** What the program tells the shell when it ends (the numbers are those of sysexits.h where it has one). */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  noInput: 66,
  unavailable: 69,
  configuration: 78,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const byKind: Readonly<Record<ErrorKind, ExitCode>> = {
  'invalid-request': exitCodes.usage,
  unauthorized: exitCodes.unavailable,
  forbidden: exitCodes.unavailable,
  'not-found': exitCodes.noInput,
  'method-not-allowed': exitCodes.failure,
  conflict: exitCodes.failure,
  'too-large': exitCodes.failure,
  'quota-exhausted': exitCodes.unavailable,
  'rate-limited': exitCodes.unavailable,
  overloaded: exitCodes.unavailable,
  unavailable: exitCodes.unavailable,
  timeout: exitCodes.unavailable,
  aborted: exitCodes.interrupted,
  internal: exitCodes.failure,
}

/** Gives the exit code for whatever ended the program. */
export function exitCodeFor(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof ConfigError) return exitCodes.configuration
  return error instanceof ModelError ? byKind[error.kind] : exitCodes.failure
}
