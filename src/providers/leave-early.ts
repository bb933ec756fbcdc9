import { ModelError } from '../core/errors.ts'

/** Waits for what cannot be ended, or is waited for by others too, and no longer than `signal` allows. */
export async function leaveEarly<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const leaving = Promise.withResolvers<never>()
  const leave = (): void => leaving.reject(new ModelError('aborted', 'the request was given up by its client'))
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([work, leaving.promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
