import type { Outlook } from '../core/backend.ts'
import type { ModelStatus } from './resident.ts'
import type { Shortage } from './shortage.ts'
import type { Queue } from './turns.ts'

/** What is known of all models that are loaded or being loaded, and what one lacks that is not. */
export interface Knowledge {
  readonly status: readonly (ModelStatus & Queue)[]
  readonly shortage: (model: string) => Shortage | undefined
}

/**
 * Says what a request to a model can expect now. Of a model that is not loaded nothing is said while there is room for
 * it: whoever asks it first has it loaded. How long a model that is being loaded still takes is unknown, whatever its
 * queue.
 */
export function toOutlook({ status, shortage }: Knowledge, model: string): Outlook | undefined {
  const found = status.find(each => each.model === model && each.state !== 'leaving' && each.state !== 'ending')
  if (!found || found.state === 'waiting') {
    const memory = shortage(model)
    if (memory) return { state: 'no-room', memory, ...(found && { waiting: found.waiting }) }
  }
  return found && expect(found)
}

function expect({
  state,
  waiting,
  estimatedWaitMs,
  promptTokensPerSecond,
  reading,
  plan,
}: ModelStatus & Queue): Outlook {
  const isReady = state === 'ready'
  return {
    state: isReady ? 'ready' : 'loading',
    waiting,
    ...(isReady && estimatedWaitMs !== undefined && { estimatedWaitMs }),
    ...(promptTokensPerSecond !== undefined && { promptTokensPerSecond }),
    ...(reading && { reading }),
    ...(plan && { contextTokens: plan.contextTokens }),
  }
}
