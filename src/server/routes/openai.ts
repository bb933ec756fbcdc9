import { openaiChat } from '../../protocols/openai-chat/index.ts'
import { openaiEmbeddings } from '../../protocols/openai-embeddings/index.ts'
import type { EmbedService } from '../../services/embed.ts'
import { circumstancesOf } from '../circumstances.ts'
import { sendJson } from '../send-json.ts'
import { tellRoute } from '../tell-answer.ts'
import { answerCall, type AnswerCallOptions } from './answer-call.ts'
import type { Route, RouteCall } from './route.ts'

/** The routes of the OpenAI API. */
export function openaiRoutes(options: Omit<AnswerCallOptions, 'protocol'>, embed: EmbedService): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/chat/completions',
      access: 'key',
      handle: call => answerCall(call, { ...options, protocol: openaiChat }),
    },
    {
      method: 'POST',
      path: '/v1/embeddings',
      access: 'key',
      handle: call => embedCall(call, embed),
    },
  ]
}

async function embedCall({ exchange, body }: RouteCall, embed: EmbedService): Promise<void> {
  const { request, encoding } = openaiEmbeddings.decodeRequest(body)
  const { model } = request
  const circumstances = circumstancesOf(exchange, openaiChat.id)
  const { signal, trace } = exchange
  const embeddings = await embed(request, { signal, circumstances, trace })
  trace.usage = { inputTokens: embeddings.inputTokens }
  tellRoute(exchange)
  sendJson(exchange, { status: 200, body: openaiEmbeddings.encodeEmbeddings(embeddings, { model, encoding }) })
}
