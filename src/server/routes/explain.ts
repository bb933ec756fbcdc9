import { ModelError } from '../../core/errors.ts'
import type { ProtocolId } from '../../core/extras.ts'
import type { ModelRequest } from '../../core/request.ts'
import type { Circumstances } from '../../core/route-rules.ts'
import type { ExplainRouteService, RouteExplanation } from '../../services/explain-route.ts'
import type { CacheReports } from '../cache-reports.ts'
import { senderOf } from '../circumstances.ts'
import type { Exchange } from '../exchange.ts'
import { readAsked } from '../read-asked.ts'
import { sendJson } from '../send-json.ts'
import { type RecallMeans, readRecalled } from './read-recalled.ts'
import type { Route, RouteCall } from './route.ts'

export interface ExplainOptions extends RecallMeans {
  readonly reports: CacheReports
  readonly explainRoute: ExplainRouteService
  /** Whether all clients are one: the owner. */
  readonly isForOne: () => boolean
}

/** The routes that explain what the server did, or would do. */
export function explainRoutes(options: ExplainOptions): readonly Route[] {
  return [
    { method: 'GET', path: '/duologue/explain/cache/*', access: 'key', handle: call => tellReport(call, options) },
    { method: 'POST', path: '/duologue/explain/route/*', access: 'key', handle: call => tellRoute(call, options) },
  ]
}

function tellReport({ exchange, rest }: RouteCall, { reports }: ExplainOptions): void {
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
async function tellRoute({ exchange, body, rest }: RouteCall, options: ExplainOptions): Promise<void> {
  const { explainRoute, isForOne } = options
  const protocol = Object.hasOwn(protocols, rest) ? protocols[rest] : undefined
  if (!protocol) {
    throw new ModelError(
      'not-found',
      `path: ask for /duologue/explain/route/ with one of ${Object.keys(protocols).join(', ')} after it`,
    )
  }
  const explanation = await explainRoute(...(await read(protocol, { exchange, body }, options)))
  const isTold = isForOne() || exchange.key?.isOwner === true
  sendJson(exchange, { status: 200, headers: uncached, body: isTold ? explanation : withoutOthers(explanation) })
}

/* Rules that are for others name their keys, their headers and their models. */
function withoutOthers(explanation: RouteExplanation): RouteExplanation {
  const steps = explanation.steps.filter(({ about, verdict }) => about !== 'rule' || verdict === 'holds')
  return { ...explanation, steps }
}

const uncached = { 'cache-control': 'no-store' }

const protocols: Readonly<Record<string, ProtocolId>> = {
  'v1/messages': 'anthropic-messages',
  'v1/chat/completions': 'openai-chat',
  'v1/responses': 'openai-responses',
}

/* What a request goes on from may keep it here. */
async function read(
  protocol: ProtocolId,
  { exchange, body }: { readonly exchange: Exchange; readonly body: unknown },
  means: RecallMeans,
): Promise<readonly [ModelRequest, Circumstances]> {
  if (protocol !== 'openai-responses') return readAsked(protocol, body, exchange)
  const { decoded, circumstances } = await readRecalled(exchange, body, means)
  return [{ ...decoded.request, ...senderOf(exchange) }, circumstances]
}
