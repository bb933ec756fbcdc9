import type { Backend } from '../core/backend.ts'
import type { ModelEvent } from '../core/events.ts'
import type { ProtocolId } from '../core/extras.ts'
import type { ModelRequest } from '../core/request.ts'
import { keepHome } from './homebound-request.ts'
import { withLosses } from './stream-answer.ts'

/**
 * Makes of a backend that translates one that passes on only what is known and leads nowhere: who answers there may be a
 * gateway, which its client could tell to ask somebody else.
 */
export function homebound(open: Backend, protocol: ProtocolId): Backend {
  const count = open.countTokens?.bind(open)
  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const kept = keepHome(request, protocol)
    for await (const event of open.stream(kept.request, signal)) yield withLosses(event, kept.losses)
  }
  return {
    ...open,
    stream,
    losses: request => {
      const kept = keepHome(request, protocol)
      return [...kept.losses, ...(open.losses?.(kept.request) ?? [])]
    },
    ...(count && { countTokens: async (request, signal) => count(keepHome(request, protocol).request, signal) }),
  }
}
