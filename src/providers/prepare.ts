import type { Loss } from '../core/loss.ts'
import type { Message, ModelRequest } from '../core/request.ts'
import { acceptCallIds } from './call-ids.ts'
import { withoutLateThinking } from './late-thinking.ts'
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
  return { request: withoutLateThinking({ ...request, messages }, target, losses), losses }
}

/** Whether a request can go on as its client wrote it. */
export function isReady(request: ModelRequest, target: Target): boolean {
  const { messages, thinking } = prepare(request, target).request
  if (request.continuation !== undefined || messages.length !== request.messages.length) return false
  if (thinking !== request.thinking || (!target.takesReasoning && hasReasoning(messages))) return false
  return messages.every((message, at) => message === request.messages[at])
}

/* What a client keeps of any model's reasoning is not for one that takes none. */
function hasReasoning(messages: readonly Message[]): boolean {
  return messages.some(({ content }) => content.some(({ type }) => type === 'thinking'))
}
