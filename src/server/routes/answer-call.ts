import { collect } from '../../core/collect.ts'
import type { Protocol, ReplyContext } from '../../protocols/protocol.ts'
import type { AnswerService } from '../../services/answer.ts'
import type { ServerLimits } from '../limits.ts'
import { circumstancesOf, requestHeaders } from '../circumstances.ts'
import { tellCache } from '../cache-reports.ts'
import { tellLosses } from '../loss-header.ts'
import { sendJson } from '../send-json.ts'
import { streamReply } from '../stream-reply.ts'
import type { RouteCall } from './route.ts'

/** The server's own sources of what is different each time. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Gives URL-safe text that was never given before. */
  uniqueId(): string
}

export interface AnswerCallOptions {
  readonly protocol: Protocol
  readonly answer: AnswerService
  readonly limits: ServerLimits
  readonly clock: Clock
}

/** Answers a request to a model, in one protocol's words, as a stream or whole. */
export async function answerCall({ exchange, body }: RouteCall, options: AnswerCallOptions): Promise<void> {
  const { protocol, answer, limits, clock } = options
  const { server } = protocol
  const { signal, trace, requestId } = exchange
  const decoded = server.decodeRequest(body, requestHeaders(exchange.request.headers))
  const context: ReplyContext = {
    responseId: server.responseId(clock.uniqueId()),
    requestId,
    created: Math.floor(clock.now() / 1000),
    includesUsage: decoded.includesUsage,
  }
  const events = await answer(decoded, {
    signal,
    circumstances: circumstancesOf(exchange, protocol.id),
    isVisible: event => server.isVisible(event),
    trace,
  })
  if (decoded.isStreaming) return streamReply(exchange, server.encodeStream(events, context), limits)
  const whole = await collect(events)
  tellLosses(exchange)
  tellCache(exchange)
  sendJson(exchange, { status: 200, body: server.encodeAnswer(whole, context) })
}
