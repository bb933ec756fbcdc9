import { collect } from '../../core/collect.ts'
import type { ModelEvent, ModelStream } from '../../core/events.ts'
import type { Circumstances } from '../../core/route-rules.ts'
import type { DecodedRequest, OpenStream, Protocol, ReplyContext } from '../../protocols/protocol.ts'
import type { SseFrame } from '../../protocols/sse.ts'
import type { ExchangeAnswer, ExchangeService } from '../../services/answer.ts'
import { circumstancesOf, requestHeaders, senderOf } from '../circumstances.ts'
import type { Exchange } from '../exchange.ts'
import type { ServerLimits } from '../limits.ts'
import { sendBytes, sendJson } from '../send-json.ts'
import { streamReply } from '../stream-reply.ts'
import { wordsOf } from '../stream-words.ts'
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
  const { protocol } = options
  const decoded = protocol.server.decodeRequest(body, requestHeaders(exchange.request.headers))
  const circumstances = circumstancesOf(exchange, protocol.id)
  await answerDecoded(exchange, { decoded, circumstances, isRelayable: true }, options)
}

/** A request that was read, with how it is to be answered. */
export interface Asked {
  readonly decoded: DecodedRequest
  readonly circumstances: Circumstances
  /** Whether its bytes may go on as they came. */
  readonly isRelayable: boolean
  /** Looks at the answer as it passes. */
  readonly watch?: (events: ModelStream, context: ReplyContext) => ModelStream
}

/** Answers a request that was read. */
export async function answerDecoded(exchange: Exchange, asked: Asked, options: AnswerCallOptions): Promise<void> {
  const { protocol, limits } = options
  const { decoded, circumstances, isRelayable, watch = events => events } = asked
  const { isStreaming, includesUsage } = decoded
  const { signal, trace } = exchange
  const context = contextOf(exchange, decoded, options)
  const sent = senderOf(exchange)
  const request = { ...decoded.request, ...sent }
  const headers = requestHeaders(exchange.request.headers)
  const bytes = exchange.body ?? new Uint8Array()
  const came = { protocol: protocol.id, isStreaming, includesUsage, body: bytes, headers, client: sent.sender.id }
  const isVisible = protocol.server.isVisible.bind(protocol.server)
  const answer = await options.exchange(
    { request, isStreaming, ...(isRelayable && { came }) },
    { signal, circumstances, isVisible, trace },
  )
  const reply: Reply = { answer, context, watch: events => watch(events, context) }
  if (!isStreaming) return replyWhole(exchange, reply)
  const words = openStream(exchange, context)
  await streamReply(exchange, toFrames(reply, words), { ...limits, words })
}

/** An answer with how it is spoken. */
interface Reply {
  readonly answer: ExchangeAnswer
  readonly context: ReplyContext
  readonly watch: (events: ModelStream) => ModelStream
}

function contextOf(
  { requestId }: Exchange,
  { includesUsage, echo }: DecodedRequest,
  { protocol, clock }: AnswerCallOptions,
): ReplyContext {
  return {
    responseId: protocol.server.responseId(clock.uniqueId()),
    requestId,
    created: Math.floor(clock.now() / 1000),
    includesUsage,
    ...(echo && { echo }),
  }
}

/** Opens a stream in the client's protocol, also where its frames do not depend on each other. */
function openStream(exchange: Exchange, context: ReplyContext): OpenStream {
  const { server } = exchange.protocol
  if (server.openStream) return server.openStream(context)
  const encode = (events: ModelStream) => server.encodeStream(events, context)
  return { ...wordsOf(exchange), hasBegun: false, encode, pass: () => {} }
}

/** Speaks an answer in the client's protocol, or passes on what another server wrote in it. */
async function* toFrames({ answer, watch }: Reply, stream: OpenStream): AsyncGenerator<SseFrame | Uint8Array> {
  const found = answer.type === 'pending' ? await answer.found : answer
  if (found.type === 'events') return yield* stream.encode(watch(found.events))
  // What was begun here cannot be gone on with by another.
  if (stream.hasBegun) return yield* stream.encode(eventsIn(found.pieces))
  for await (const { bytes } of found.pieces) {
    stream.pass(bytes)
    yield bytes
  }
}

async function* eventsIn(pieces: AsyncIterable<{ readonly events: Iterable<ModelEvent> }>): AsyncGenerator<ModelEvent> {
  for await (const { events } of pieces) yield* events
}

async function replyWhole(exchange: Exchange, { answer, context, watch }: Reply): Promise<void> {
  const found = answer.type === 'pending' ? await answer.found : answer
  if (found.type === 'events') {
    const whole = await collect(watch(found.events))
    tellAnswer(exchange)
    return sendJson(exchange, { status: 200, body: exchange.protocol.server.encodeAnswer(whole, context) })
  }
  const pieces: Uint8Array[] = []
  for await (const { bytes } of found.pieces) pieces.push(bytes)
  tellAnswer(exchange)
  sendBytes(exchange, Buffer.concat(pieces))
}
