import type { RelayRequest, RelayedPiece } from '../../core/backend.ts'
import { ModelError } from '../../core/errors.ts'
import type { ProtocolId } from '../../core/extras.ts'
import { parseJson } from '../../protocols/json.ts'
import { decodeSse } from '../../protocols/sse.ts'
import type { Exchange } from '../exchange.ts'
import { relayedHeaders } from '../headers.ts'
import { maxBytes } from '../limits.ts'
import { playAnswer } from '../../core/play-answer.ts'
import { isWhole } from '../stream-answer.ts'
import type { Upstream } from '../upstream.ts'
import { spliceModel } from './splice-model.ts'
import { tee } from './tee.ts'
import { wholeFrames } from './whole-frames.ts'

/** Passes a client's own request on, and the upstream's own answer back; reads along to know what was said. */
export async function* relayAnswer(
  upstream: Upstream,
  request: RelayRequest,
  signal: AbortSignal,
): AsyncGenerator<RelayedPiece> {
  const body = spliceModel(request.body, request.model)
  const exchange = upstream.exchange(signal)
  let isAnswered = false
  try {
    await upstream.admit(request.model, signal)
    const head = await upstream.post(exchange, {
      url: upstream.answerUrl(request.model),
      headers: relayedHeaders(request),
      body,
      isStreaming: request.isStreaming,
    })
    const isInOnePiece = isWhole(head)
    if (isInOnePiece === request.isStreaming) throw otherForm(request)
    const pieces = isInOnePiece ? wholePiece(upstream, exchange) : streamedPieces(upstream, exchange)
    for await (const piece of pieces) {
      if (piece.events.some(({ type }) => type !== 'start')) exchange.hasBegun()
      isAnswered ||= piece.events.some(({ type }) => type === 'end')
      yield piece
    }
  } catch (error) {
    throw exchange.explain(error)
  } finally {
    exchange.close({ isAnswered })
  }
}

async function* wholePiece({ codec }: Upstream, exchange: Exchange): AsyncGenerator<RelayedPiece> {
  const bytes = await exchange.bytes(maxBytes.answer)
  const answer = codec.decodeAnswer(parseJson(bytes.toString(), 'unavailable'))
  yield { bytes, events: [...playAnswer(answer)] }
}

function streamedPieces({ codec, dialect }: Upstream, exchange: Exchange): AsyncGenerator<RelayedPiece> {
  const endMark = endMarks[dialect.protocol]
  return tee(wholeFrames(exchange.chunks()), { decode: bytes => codec.decodeStream(decodeSse(bytes)), endMark })
}

/* In the other protocols the event that ends an answer is the end of the stream, too. */
const endMarks: Readonly<Record<ProtocolId, Uint8Array>> = {
  'anthropic-messages': new Uint8Array(),
  'openai-chat': Buffer.from('data: [DONE]\n\n'),
  'openai-responses': new Uint8Array(),
}

/* The client reads the bytes as they are, and could make nothing of the other form. */
function otherForm({ isStreaming }: RelayRequest): ModelError {
  const [asked, sent] = isStreaming ? ['a stream', 'a whole answer'] : ['a whole answer', 'a stream']
  return new ModelError('unavailable', `the upstream was asked for ${asked} and sent ${sent}`)
}
