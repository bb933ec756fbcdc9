import type { IncomingMessage, ServerResponse } from 'node:http'
import { askingProtocol } from './asking-protocol.ts'
import { refuseDuplicateHeaders } from './duplicate-headers.ts'
import { openExchange, type Exchange } from './exchange.ts'
import { checkHost, type HostRules } from './host-guard.ts'
import { checkOrigin, corsHeaders, type OriginRules } from './origin-guard.ts'
import { sendError } from './send-json.ts'
import { shuttingDown, type Phase } from './shutdown.ts'

export interface SecurityRules extends HostRules, OriginRules {}

/**
 * Opens the exchange of a request and checks what needs no route: headers sent twice, the host, the origin.
 * Every request passes here before the framework sees it. Says whether it may go on; if not, it was answered.
 */
export function passGate(
  request: IncomingMessage,
  response: ServerResponse,
  { rules, phase, requestId, opened }: GateOptions,
): boolean {
  const exchange = openExchange({ request, response, requestId, ...splitTarget(request) })
  response.setHeader('request-id', requestId)
  response.setHeader('x-request-id', requestId)
  response.setHeader('x-content-type-options', 'nosniff')
  if (phase.isDraining) response.setHeader('connection', 'close')
  opened(exchange)
  // Whoever works on the answer may be slow to notice, or still wait for the body.
  exchange.signal.addEventListener('abort', () => sendError(exchange, exchange.signal.reason), { once: true })
  try {
    refuseDuplicateHeaders(request.rawHeaders)
    const { host } = request.headers
    const { localAddress } = request.socket
    request.url = checkHost({ host, target: request.url ?? '', localAddress }, rules)
    const origin = checkOrigin(request.headers, rules)
    if (origin !== undefined)
      for (const [name, value] of Object.entries(corsHeaders(origin))) response.setHeader(name, value)
    if (phase.isStopped) throw shuttingDown()
    return true
  } catch (error) {
    sendError(exchange, error)
    return false
  }
}

export interface GateOptions {
  readonly rules: SecurityRules
  readonly phase: Phase
  readonly requestId: string
  readonly opened: (exchange: Exchange) => void
}

function splitTarget(request: IncomingMessage): Pick<Exchange, 'path' | 'query' | 'protocol'> {
  const target = (request.url ?? '').replace(/^https?:\/\/[^/?#]*/i, '')
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  return { path, query: mark === -1 ? '' : target.slice(mark + 1), protocol: askingProtocol(path, request.headers) }
}
