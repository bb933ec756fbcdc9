import { ModelError } from '../../core/errors.ts'
import type { ModelEvent } from '../../core/events.ts'
import { isJsonObject, parseJson, stringIn } from '../json.ts'
import { broken } from '../openai-errors.ts'
import type { SseFrame } from '../sse.ts'
import { ResponseReader } from './response-reader.ts'

/**
 * Reads an upstream's events as an answer. Events that are not known are passed over, and what the pieces of an item
 * leave out is filled in from its end. Throws a `ModelError` for whatever is not a whole answer.
 */
export async function* decodeStream(frames: AsyncIterable<SseFrame>): AsyncGenerator<ModelEvent> {
  const reader = new ResponseReader()
  for await (const frame of frames) {
    if ('comment' in frame || frame.data === '') continue
    if (frame.data === '[DONE]') break
    const event = parseJson(frame.data, 'unavailable')
    if (!isJsonObject(event)) throw broken('an event that is not an object')
    yield* reader.read(stringIn(event['type']) ?? frame.event ?? '', event)
    if (reader.isDone) return
  }
  throw new ModelError('unavailable', 'the answer of the upstream broke off before its end')
}
