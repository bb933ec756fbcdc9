import { rerank as codec } from '../../protocols/rerank/index.ts'
import type { RerankService } from '../../services/rerank.ts'
import { circumstancesOf } from '../circumstances.ts'
import { sendJson } from '../send-json.ts'
import { tellRoute } from '../tell-answer.ts'
import type { Route, RouteCall } from './route.ts'

/** The route that ranks documents. */
export function rerankRoutes(rerank: RerankService): readonly Route[] {
  return [{ method: 'POST', path: '/v1/rerank', access: 'key', handle: call => rerankCall(call, rerank) }]
}

async function rerankCall({ exchange, body }: RouteCall, rerank: RerankService): Promise<void> {
  const decoded = codec.decodeRequest(body)
  const { request } = decoded
  // Rules know OpenAI's protocols by one name, and this route speaks beside them.
  const circumstances = circumstancesOf(exchange, 'openai-chat')
  const { signal, trace } = exchange
  const ranking = await rerank(request, { signal, circumstances, trace })
  trace.usage = { inputTokens: ranking.inputTokens }
  tellRoute(exchange)
  sendJson(exchange, { status: 200, body: codec.encodeRanking(ranking, decoded) })
}
