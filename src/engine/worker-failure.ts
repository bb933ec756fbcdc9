import { ModelError } from '../core/errors.ts'
import type { WorkerFailure } from './messages.ts'

/** Gives the failure that a child told of. */
export function toModelError({ kind, message, code, field, detail }: WorkerFailure): ModelError {
  return new ModelError(kind, message, {
    ...(code !== undefined && { code }),
    ...(field !== undefined && { field }),
    ...(detail !== undefined && { cause: new Error(detail) }),
  })
}
