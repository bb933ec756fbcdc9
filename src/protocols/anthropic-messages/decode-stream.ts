import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { isJsonObject, objectIn, parseJson, stringIn } from '../json.ts'
import type { SseFrame } from '../sse.ts'
import { BlockReader } from './block-reader.ts'
import { broken, decodeErrorBody } from './decode-error.ts'
import { keptAnswer } from './decode-response.ts'
import { asExtras } from './extras.ts'
import { decodeStop } from './stop.ts'
import { decodeStartUsage, decodeUsage, mergeKnown } from './usage.ts'

/**
 * Reads Anthropic Messages server-sent events as an answer. Events and deltas that are not known are passed over;
 * events out of their order, or a stream without an end, are `unavailable`.
 */
export async function* decodeStream(frames: AsyncIterable<SseFrame>): AsyncGenerator<ModelEvent> {
  const reader = new EventReader()
  for await (const frame of frames) {
    if ('comment' in frame) continue
    yield* reader.read(parseEvent(frame))
    if (reader.isDone) return
  }
  throw broken('the upstream closed the stream before its end')
}

function parseEvent({ event, data }: { readonly event?: string; readonly data: string }): JsonObject {
  const wire = parseJson(data, 'unavailable')
  if (!isJsonObject(wire)) throw broken('the upstream sent an event that is not an object')
  return typeof wire['type'] === 'string' || event === undefined ? wire : { ...wire, type: event }
}

/** Reads one answer. The indices it gives are its own. */
class EventReader {
  isDone = false
  #hasStarted = false
  #usage: JsonObject = {}
  #kept: JsonObject = {}
  #end: JsonObject | undefined
  #index = -1
  #block: BlockReader | undefined;

  *read(wire: JsonObject): Generator<ModelEvent> {
    switch (stringIn(wire['type']) ?? '') {
      case 'error':
        throw decodeErrorBody(wire)
      case 'message_start':
        yield this.#readStart(wire)
        return
      case 'content_block_start':
        yield* this.#readBlockStart(wire)
        return
      case 'content_block_delta':
        yield* this.#openBlock(wire).readDelta(objectIn(wire['delta']) ?? {})
        return
      case 'content_block_stop':
        yield* this.#openBlock(wire).readEnd()
        this.#block = undefined
        return
      case 'message_delta':
        this.#readMessageDelta(wire)
        return
      case 'message_stop':
        yield this.#readEnd()
        return
      default:
      // A ping, or an event that is younger than this reader.
    }
  }

  #readStart(wire: JsonObject): ModelEvent {
    if (this.#hasStarted) throw broken('the upstream began a second message within one answer')
    const message = objectIn(wire['message'])
    if (!message) throw broken('the upstream began a message without saying which')
    this.#hasStarted = true
    this.#usage = objectIn(message['usage']) ?? {}
    this.#kept = keptAnswer(message)
    return {
      type: 'start',
      id: stringIn(message['id']) ?? '',
      model: stringIn(message['model']) ?? '',
      usage: decodeStartUsage(this.#usage),
      ...asExtras(this.#kept),
    }
  }

  #openBlock({ index }: JsonObject): BlockReader {
    if (!this.#block || index !== this.#index) throw broken('the upstream wrote to a block that is not open')
    return this.#block
  }

  #expectBetweenBlocks(): void {
    if (!this.#hasStarted) throw broken('the upstream spoke before it began a message')
    if (this.#block) throw broken('the upstream did not end the block that it was writing')
  }

  *#readBlockStart(wire: JsonObject): Generator<ModelEvent> {
    this.#expectBetweenBlocks()
    if (this.#end) throw broken('the upstream began a block after the end of the message')
    if (wire['index'] !== this.#index + 1) throw broken('the upstream numbered its blocks with a gap')
    this.#index += 1
    this.#block = new BlockReader(this.#index, objectIn(wire['content_block']) ?? {})
    yield* this.#block.readStart()
  }

  #readMessageDelta(wire: JsonObject): void {
    this.#expectBetweenBlocks()
    const delta = objectIn(wire['delta']) ?? {}
    this.#end = mergeKnown(this.#end ?? {}, delta)
    this.#usage = mergeKnown(this.#usage, objectIn(wire['usage']) ?? {})
    this.#kept = mergeKnown(this.#kept, keptAnswer({ ...wire, ...delta, type: null, delta: null, usage: this.#usage }))
  }

  #readEnd(): ModelEvent {
    this.#expectBetweenBlocks()
    if (!this.#end) throw broken('the upstream ended a message without saying why')
    this.isDone = true
    return { type: 'end', stop: decodeStop(this.#end), usage: decodeUsage(this.#usage), ...asExtras(this.#kept) }
  }
}
