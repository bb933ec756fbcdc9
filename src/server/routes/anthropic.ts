import { ModelError } from '../../core/errors.ts'
import { anthropicMessages } from '../../protocols/anthropic-messages/index.ts'
import type { CountTokensService } from '../../services/count-tokens.ts'
import { circumstancesOf, requestHeaders } from '../circumstances.ts'
import { sendJson } from '../send-json.ts'
import { tellAnswer } from '../tell-answer.ts'
import { answerCall, type AnswerCallOptions } from './answer-call.ts'
import type { Route, RouteCall } from './route.ts'

/** The routes of the Anthropic Messages API. */
export function anthropicRoutes(
  options: Omit<AnswerCallOptions, 'protocol'>,
  countTokens: CountTokensService,
): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/messages',
      access: 'key',
      handle: call => answerCall(call, { ...options, protocol: anthropicMessages }),
    },
    {
      method: 'POST',
      path: '/v1/messages/count_tokens',
      access: 'key',
      handle: call => count(call, countTokens),
    },
  ]
}

async function count({ exchange, body }: RouteCall, countTokens: CountTokensService): Promise<void> {
  const { server } = anthropicMessages
  if (!server.decodeCountRequest) throw new ModelError('not-found', 'this protocol cannot count tokens')
  const request = server.decodeCountRequest(body, requestHeaders(exchange.request.headers))
  const circumstances = circumstancesOf(exchange, anthropicMessages.id)
  const { signal, trace } = exchange
  const tokens = await countTokens(request, { signal, circumstances, trace })
  tellAnswer(exchange)
  sendJson(exchange, { status: 200, body: { input_tokens: tokens } })
}
