import type { Loss } from '../core/loss.ts'
import type { ModelRequest } from '../core/request.ts'
import { acceptCallIds } from './call-ids.ts'
import { keepOwnThinking } from './own-thinking.ts'
import { repairTools } from './repair-tools.ts'
import type { Target } from './target.ts'

/** A request that a target can take, and what it lost on the way. */
export interface Prepared {
  readonly request: ModelRequest
  readonly losses: readonly Loss[]
}

/** Makes a conversation that other models took part in one that the target takes. */
export function prepare(request: ModelRequest, target: Target): Prepared {
  const losses: Loss[] = []
  const own = keepOwnThinking(request.messages, target, losses)
  const messages = acceptCallIds(repairTools(own, losses), target.protocol)
  return { request: { ...request, messages }, losses }
}

/** Whether a request can go on as its client wrote it. */
export function isReady(request: ModelRequest, target: Target): boolean {
  const { messages } = prepare(request, target).request
  if (request.continuation !== undefined || messages.length !== request.messages.length) return false
  return messages.every((message, at) => message === request.messages[at])
}
