import { collect } from '../../core/collect.ts'
import type { Protocol, ReplyContext } from '../../protocols/protocol.ts'
import type { SseFrame } from '../../protocols/sse.ts'
import type { ExchangeAnswer, ExchangeService } from '../../services/answer.ts'
import { circumstancesOf, requestHeaders, senderOf } from '../circumstances.ts'
import type { Exchange } from '../exchange.ts'
import type { ServerLimits } from '../limits.ts'
import { sendBytes, sendJson } from '../send-json.ts'
import { streamReply } from '../stream-reply.ts'
import { tellAnswer } from '../tell-answer.ts'
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
  readonly exchange: ExchangeService
  readonly limits: ServerLimits
  readonly clock: Clock
}

/** Answers a request to a model, in one protocol's words, as a stream or whole. */
export async function answerCall({ exchange, body }: RouteCall, options: AnswerCallOptions): Promise<void> {
  const { protocol, limits, clock } = options
  const { server } = protocol
  const { signal, trace, requestId } = exchange
  const headers = requestHeaders(exchange.request.headers)
  const decoded = server.decodeRequest(body, headers)
  const { isStreaming, includesUsage } = decoded
  const context: ReplyContext = {
    responseId: server.responseId(clock.uniqueId()),
    requestId,
    created: Math.floor(clock.now() / 1000),
    includesUsage,
  }
  const sent = senderOf(exchange)
  const request = { ...decoded.request, ...sent }
  const bytes = exchange.body ?? new Uint8Array()
  const came = { protocol: protocol.id, isStreaming, body: bytes, headers, client: sent.sender.id }
  const circumstances = circumstancesOf(exchange, protocol.id)
  const isVisible = server.isVisible.bind(server)
  const answer = await options.exchange({ request, isStreaming, came }, { signal, circumstances, isVisible, trace })
  if (isStreaming) return streamReply(exchange, toFrames(answer, protocol, context), limits)
  await replyWhole(exchange, answer, context)
}

/** Speaks an answer in the client's protocol, or passes on what another server wrote in it. */
async function* toFrames(
  answer: ExchangeAnswer,
  protocol: Protocol,
  context: ReplyContext,
): AsyncGenerator<SseFrame | Uint8Array> {
  const found = answer.type === 'pending' ? await answer.found : answer
  if (found.type === 'events') yield* protocol.server.encodeStream(found.events, context)
  else for await (const { bytes } of found.pieces) yield bytes
}

async function replyWhole(exchange: Exchange, answer: ExchangeAnswer, context: ReplyContext): Promise<void> {
  const found = answer.type === 'pending' ? await answer.found : answer
  if (found.type === 'events') {
    const whole = await collect(found.events)
    tellAnswer(exchange)
    return sendJson(exchange, { status: 200, body: exchange.protocol.server.encodeAnswer(whole, context) })
  }
  const pieces: Uint8Array[] = []
  for await (const { bytes } of found.pieces) pieces.push(bytes)
  tellAnswer(exchange)
  sendBytes(exchange, Buffer.concat(pieces))
}
