import type { ModelEvent, ModelStream } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import type { ReplyContext } from '../protocol.ts'
import type { SseFrame } from '../sse.ts'
import { openBlock } from './encode-block.ts'
import { encodeMessage, usageExtras } from './encode-response.ts'
import { ownExtras } from './extras.ts'
import { encodeStop } from './stop.ts'
import { encodeDeltaUsage } from './usage.ts'
import type { WireDelta, WireEvent } from './wire.ts'

/** What is sent while there is nothing to say. */
export const keepAlive: SseFrame = frame({ type: 'ping' })

/** Speaks an answer as Anthropic Messages server-sent events. */
export async function* encodeStream(events: ModelStream, { responseId }: ReplyContext): AsyncGenerator<SseFrame> {
  const writer = new EventWriter(responseId)
  for await (const event of events) {
    // `yield*` would make each frame pass through a promise of its own.
    for (const frame of writer.write(event)) yield frame
  }
}

/** A client could still be told of another answer while it has only seen that one begins. */
export function isVisible({ type }: ModelEvent): boolean {
  return type !== 'start' && type !== 'block-start'
}

/** Writes one answer. It remembers the counts so far, and leaves no gap where a block is not for this protocol. */
class EventWriter {
  readonly #id: string
  #usage: Usage = {}
  #index = -1
  #isSkipping = false

  constructor(id: string) {
    this.#id = id
  }

  *write(event: ModelEvent): Generator<SseFrame> {
    switch (event.type) {
      case 'start':
        this.#usage = event.usage
        yield frame({ type: 'message_start', message: encodeMessage({ ...event, id: this.#id }) })
        return
      case 'block-start':
        yield* this.#open(event)
        return
      case 'block-end':
        if (!this.#isSkipping) yield frame({ type: 'content_block_stop', index: this.#index })
        return
      case 'end':
        yield* this.#end(event)
        return
      case 'text-delta':
      case 'thinking-delta':
      case 'input-delta':
      case 'signature':
      case 'citation':
        if (!this.#isSkipping) yield* this.#delta(encodeDelta(event))
    }
  }

  *#open({ block }: Extract<ModelEvent, { type: 'block-start' }>): Generator<SseFrame> {
    const opened = openBlock(block)
    this.#isSkipping = !opened
    if (!opened) return
    this.#index += 1
    yield frame({ type: 'content_block_start', index: this.#index, content_block: opened.start })
    for (const delta of opened.deltas) yield* this.#delta(delta)
  }

  *#delta(delta: WireDelta | undefined): Generator<SseFrame> {
    if (delta) yield frame({ type: 'content_block_delta', index: this.#index, delta })
  }

  *#end(event: Extract<ModelEvent, { type: 'end' }>): Generator<SseFrame> {
    const kept = ownExtras(event)
    const usage = encodeDeltaUsage({ ...this.#usage, ...event.usage })
    yield frame({
      type: 'message_delta',
      delta: { ...encodeStop(event.stop), container: null, ...pick(kept, ['container']) },
      usage: { ...usage, ...pick(usageExtras(kept), ['server_tool_use', 'iterations', 'fallback_credit']) },
      ...pick(kept, ['context_management', 'input_transformations']),
    })
    yield frame({ type: 'message_stop' })
  }
}

function pick(kept: JsonObject = {}, fields: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(kept).filter(([field]) => fields.includes(field)))
}

type Delta = Extract<ModelEvent, { type: 'text-delta' | 'thinking-delta' | 'input-delta' | 'signature' | 'citation' }>

function encodeDelta(event: Delta): WireDelta | undefined {
  switch (event.type) {
    case 'text-delta':
      return { type: 'text_delta', text: event.text }
    case 'thinking-delta':
      return { type: 'thinking_delta', thinking: event.text }
    case 'input-delta':
      return { type: 'input_json_delta', partial_json: event.json }
    case 'signature':
      return { type: 'signature_delta', signature: event.signature }
    case 'citation':
      return event.protocol === 'anthropic-messages' ? { type: 'citations_delta', citation: event.value } : undefined
  }
}

function frame(event: WireEvent): SseFrame {
  return { event: event.type, data: JSON.stringify(event) }
}
