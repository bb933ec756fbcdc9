import { ModelError } from '../core/errors.ts'

/** Settles when the user wants no more. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Waits for a work that may take long. Throws `aborted` as soon as the user wants no more. */
export async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopping = stopped(signal).then(() => {
    throw new ModelError('aborted', 'stopped')
  })
  return Promise.race([work, stopping])
}
