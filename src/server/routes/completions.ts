import { openaiCompletions } from '../../protocols/openai-completions/index.ts'
import type { CompleteService } from '../../services/complete.ts'
import { circumstancesOf, senderOf } from '../circumstances.ts'
import type { ServerLimits } from '../limits.ts'
import { tellAnswer } from '../tell-answer.ts'
import { sendJson } from '../send-json.ts'
import { streamReply } from '../stream-reply.ts'
import type { Clock } from './answer-call.ts'
import type { Route, RouteCall } from './route.ts'

export interface CompletionOptions {
  readonly complete: CompleteService
  readonly limits: ServerLimits
  readonly clock: Clock
}

/** The route of OpenAI's older Completions API. */
export function completionRoutes(options: CompletionOptions): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/completions',
      access: 'key',
      handle: call => completionCall(call, options),
    },
  ]
}

async function completionCall({ exchange, body }: RouteCall, options: CompletionOptions): Promise<void> {
  const { complete, limits, clock } = options
  const { signal, trace, requestId } = exchange
  const decoded = openaiCompletions.decodeRequest(body)
  const { requests, isStreaming, includesUsage } = decoded
  const context = {
    responseId: openaiCompletions.responseId(clock.uniqueId()),
    requestId,
    created: Math.floor(clock.now() / 1000),
    includesUsage,
    choices: requests.length,
    echoesPrompt: requests[0]?.echoesPrompt === true,
  }
  // The older form of the same API; rules know both by one name.
  const circumstances = circumstancesOf(exchange, 'openai-chat')
  const asked = { ...decoded, requests: requests.map(request => ({ ...request, ...senderOf(exchange) })) }
  const events = await complete(asked, { signal, circumstances, isVisible: openaiCompletions.isVisible, trace })
  if (isStreaming) return streamReply(exchange, openaiCompletions.encodeStream(events, context), limits)
  const whole = await openaiCompletions.encodeAnswer(events, context)
  tellAnswer(exchange)
  sendJson(exchange, { status: 200, body: whole })
}
