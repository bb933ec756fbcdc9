import { ModelError } from '../core/errors.ts'

/** Waits for a shared promise; a client that leaves stops waiting, and the promise goes on for the others. */
export async function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const left = Promise.withResolvers<never>()
  const abort = (): void => left.reject(toAbortion(signal))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, left.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** What a wait fails with when its signal is aborted. Whoever aborts may say why; a client that leaves does not. */
export function toAbortion({ reason }: AbortSignal): ModelError {
  if (reason instanceof ModelError) return reason
  return new ModelError('aborted', 'the client left before the answer was whole')
}
