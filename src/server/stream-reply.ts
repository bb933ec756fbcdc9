import { toModelError } from '../core/errors.ts'
import type { SseFrame } from '../protocols/sse.ts'
import type { Exchange } from './exchange.ts'
import { type StreamWords, wordsOf } from './stream-words.ts'
import type { ServerLimits } from './limits.ts'
import { tellAnswer, tellRule } from './tell-answer.ts'
import { SseWriter } from './sse-writer.ts'

type Frame = SseFrame | Uint8Array

const streamHeaders = new Map(
  Object.entries({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  }),
)

/**
 * Sends frames as they come, or the bytes of whole frames, until they end, fail, or the client leaves. A failure is told in the stream.
 * Whatever happens, `frames` is closed.
 */
export async function streamReply(
  exchange: Exchange,
  frames: AsyncIterable<Frame>,
  options: Pick<ServerLimits, 'silenceMs' | 'stallMs'> & { readonly words?: StreamWords },
): Promise<void> {
  const { response, signal } = exchange
  const { silenceMs, stallMs, words = wordsOf(exchange) } = options
  if (!response.headersSent) {
    response.statusCode = 200
    response.setHeaders(streamHeaders)
    tellRule(exchange)
  }
  const writer = new SseWriter(response, { silenceMs, stallMs, keepAlive: () => words.keepAlive() })
  try {
    await untilAborted(pump(frames, writer, exchange), signal)
    writer.end()
  } catch (error) {
    const failure = toModelError(error)
    exchange.failure ??= failure
    writer.end(words.fail(failure))
  }
}

async function pump(frames: AsyncIterable<Frame>, writer: SseWriter, exchange: Exchange): Promise<void> {
  const { signal } = exchange
  // The first frame is asked for even where the client has left: a pipeline that never started would not close.
  for await (const frame of frames) {
    if (signal.aborted) return
    tellAnswer(exchange)
    writer.write(frame)
    if (writer.isFull) await writer.caughtUp(signal)
  }
}

/** Waits for work that may be slow to notice an abort: the client is told at once, and the work unwinds behind it. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  work.then(resolve, reject)
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
