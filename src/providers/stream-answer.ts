import { ModelError } from '../core/errors.ts'
import type { ModelEvent, ModelStream } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { ModelRequest } from '../core/request.ts'
import { parseJson } from '../protocols/json.ts'
import { decodeSse } from '../protocols/sse.ts'
import type { Exchange, ReplyHead } from './exchange.ts'
import { maxBytes } from './limits.ts'
import { playAnswer } from '../core/play-answer.ts'
import { sealThinking } from './thinking-origin.ts'
import type { Upstream } from './upstream.ts'

/** Asks a provider and tells its answer in the vocabulary. */
export async function* streamAnswer(
  upstream: Upstream,
  asked: ModelRequest,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const { request, losses } = upstream.prepare(asked)
  const encoded = upstream.encode(request, true)
  const exchange = upstream.exchange(signal)
  let isAnswered = false
  try {
    await upstream.admit(request.model, signal)
    const head = await upstream.post(exchange, {
      url: upstream.answerUrl(request.model),
      headers: { ...encoded.headers, accept: 'text/event-stream' },
      body: JSON.stringify(encoded.body),
      isStreaming: true,
    })
    for await (const event of marked(readAnswer(upstream, exchange, head), upstream, request)) {
      if (event.type !== 'start') exchange.hasBegun()
      // Who reads an answer often leaves at its end, without waiting for what follows.
      isAnswered ||= event.type === 'end'
      yield withLosses(event, [...losses, ...encoded.losses])
    }
  } catch (error) {
    throw exchange.explain(error)
  } finally {
    exchange.close({ isAnswered })
  }
}

function marked(events: ModelStream, upstream: Upstream, { model }: ModelRequest): ModelStream {
  return upstream.signsItself ? events : sealThinking(events, upstream.target(model).origin)
}

/** Reads a stream, or a whole answer from a server that knows no other. */
async function* readAnswer(upstream: Upstream, exchange: Exchange, head: ReplyHead): AsyncGenerator<ModelEvent> {
  if (isWhole(head)) {
    const body = parseJson((await exchange.bytes(maxBytes.answer)).toString(), 'unavailable')
    yield* playAnswer(upstream.codec.decodeAnswer(body))
  } else {
    yield* upstream.codec.decodeStream(decodeSse(exchange.chunks()))
  }
}

/** Whether an answer comes in one piece. Throws for what is no answer at all, as the page of a login. */
export function isWhole({ headers }: ReplyHead): boolean {
  const [type = ''] = (headers['content-type'] ?? 'text/event-stream').toLowerCase().split(';')
  if (type.trim() === 'text/event-stream') return false
  if (type.trim() === 'application/json') return true
  const what = type.trim() === 'text/html' ? 'a page' : 'something else than JSON or events'
  throw new ModelError('unavailable', `the upstream answered with ${what}, which is no answer; check its url`)
}

/** Gives an event with what was lost before it, where it is one that tells of losses. */
export function withLosses(event: ModelEvent, losses: readonly Loss[]): ModelEvent {
  if (event.type !== 'start' || losses.length === 0) return event
  return { ...event, losses: [...losses, ...(event.losses ?? [])] }
}
