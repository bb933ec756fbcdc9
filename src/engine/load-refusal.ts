import { ModelError } from '../core/errors.ts'
import { HostEnded } from './host-exit.ts'
import type { FromWorker } from './messages.ts'

/** The cause of what failed because the native engine made no context as large as it was asked for. */
export class ContextRefused extends Error {
  override readonly name = 'ContextRefused'
}

/** Tells who waited for a model that its child could not load it. */
export function toRefusal({ message, isContextRefused }: Extract<FromWorker, { type: 'load-failed' }>): ModelError {
  return new ModelError('unavailable', 'the engine could not load the model; the cause is in the server log', {
    cause: isContextRefused ? new ContextRefused(message) : new Error(message),
  })
}

/**
 * Whether a model that could not be loaded might be with less memory. A process that ended while it loaded says no
 * cause, and that there was no more memory is the usual one; one that hung would hang again.
 */
export function mayFitWithLess(error: unknown): error is ModelError {
  if (!(error instanceof ModelError)) return false
  const { cause } = error
  return cause instanceof ContextRefused || (cause instanceof HostEnded && !cause.hasStalled)
}
