import { toModelError } from '../core/errors.ts'
import { abortReason } from './commit.ts'

/** Tries, and once more where the failure says that the same target may then succeed and the client is still there. */
export async function tryAgain<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (signal.aborted) throw abortReason(signal)
    if (!toModelError(error).isWorthRepeating) throw error
    return attempt()
  }
}
