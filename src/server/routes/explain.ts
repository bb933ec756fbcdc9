import { ModelError } from '../../core/errors.ts'
import type { ModelRequest } from '../../core/request.ts'
import { anthropicMessages } from '../../protocols/anthropic-messages/index.ts'
import { openaiChat } from '../../protocols/openai-chat/index.ts'
import type { RequestHeaders } from '../../protocols/protocol.ts'
import type { ExplainRouteService } from '../../services/explain-route.ts'
import type { CacheReports } from '../cache-reports.ts'
import { circumstancesOf, requestHeaders } from '../circumstances.ts'
import { sendJson } from '../send-json.ts'
import type { Route, RouteCall } from './route.ts'

export interface ExplainOptions {
  readonly reports: CacheReports
  readonly explainRoute: ExplainRouteService
}

/** The routes that explain what the server did, or would do. */
export function explainRoutes({ reports, explainRoute }: ExplainOptions): readonly Route[] {
  return [
    { method: 'GET', path: '/duologue/explain/cache/*', access: 'key', handle: call => tellReport(call, reports) },
    { method: 'POST', path: '/duologue/explain/route/*', access: 'key', handle: call => tellRoute(call, explainRoute) },
  ]
}

function tellReport({ exchange, rest }: RouteCall, reports: CacheReports): void {
  const report = reports.find(rest, exchange)
  if (!report) {
    throw new ModelError(
      'not-found',
      'request id: nothing is known of it; take the one of a recent answer to which a model on this machine was asked',
    )
  }
  sendJson(exchange, { status: 200, headers: uncached, body: report })
}

/** Takes a request as it would be sent to the path that follows, and says where it would go. Nobody is asked. */
async function tellRoute({ exchange, body, rest }: RouteCall, explainRoute: ExplainRouteService): Promise<void> {
  const asked = Object.hasOwn(protocols, rest) ? protocols[rest] : undefined
  if (!asked) {
    throw new ModelError(
      'not-found',
      `path: ask for /duologue/explain/route/ with one of ${Object.keys(protocols).join(', ')} after it`,
    )
  }
  const request = asked.read(body, requestHeaders(exchange.request.headers))
  const explanation = await explainRoute(request, circumstancesOf(exchange, asked.id))
  sendJson(exchange, { status: 200, headers: uncached, body: explanation })
}

const uncached = { 'cache-control': 'no-store' }

interface Asked {
  readonly id: 'anthropic-messages' | 'openai-chat'
  readonly read: (body: unknown, headers: RequestHeaders) => ModelRequest
}

const protocols: Readonly<Record<string, Asked>> = {
  'v1/messages': {
    id: 'anthropic-messages',
    read: (body, headers) => {
      const { server } = anthropicMessages
      // How long the answer may be decides nothing.
      return server.decodeCountRequest?.(body, headers) ?? server.decodeRequest(body, headers).request
    },
  },
  'v1/chat/completions': {
    id: 'openai-chat',
    read: (body, headers) => openaiChat.server.decodeRequest(body, headers).request,
  },
}
