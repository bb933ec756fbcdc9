import type { Outlook } from '../core/backend.ts'
import type { ModelStatus } from './resident.ts'
import type { Queue } from './turns.ts'

/**
 * Says what a request to a model can expect now. Of a model that is not loaded nothing is said: whoever asks it first
 * has it loaded. How long a model that is being loaded still takes is unknown, whatever its queue.
 */
export function toOutlook(status: readonly (ModelStatus & Queue)[], model: string): Outlook | undefined {
  const found = status.find(each => each.model === model && each.state !== 'ending')
  if (!found) return undefined
  const { state, waiting, estimatedWaitMs, plan } = found
  const isReady = state === 'ready'
  return {
    state: isReady ? 'ready' : 'loading',
    waiting,
    ...(isReady && estimatedWaitMs !== undefined && { estimatedWaitMs }),
    ...(plan && { contextTokens: plan.contextTokens }),
  }
}
