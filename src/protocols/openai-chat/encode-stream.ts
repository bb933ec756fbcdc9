import type { OutputBlock } from '../../core/content.ts'
import { ModelError } from '../../core/errors.ts'
import type { ModelEvent, ModelStream } from '../../core/events.ts'
import type { Usage } from '../../core/usage.ts'
import type { ReplyContext } from '../protocol.ts'
import type { SseFrame } from '../sse.ts'
import { encodeLogprobs } from './logprobs.ts'
import { emptyInput, ownHead } from './encode-response.ts'
import { finishReasons } from './stop.ts'
import { encodeUsage } from '../openai-usage.ts'
import type { ChatChunk, ChunkChoice, Delta, ToolCallDelta } from './wire.ts'

type Start = Extract<ModelEvent, { type: 'start' }>
type End = Extract<ModelEvent, { type: 'end' }>

/** Speaks an answer as chat-completion chunks. Throws `unavailable` for an answer that breaks off. */
export async function* encodeStream(events: ModelStream, context: ReplyContext): AsyncGenerator<SseFrame> {
  let chunks: Chunks | undefined
  for await (const event of events) {
    if (event.type === 'start') chunks = new Chunks(event, context)
    if (!chunks) throw new ModelError('internal', 'an answer went on before it started')
    if (event.type === 'end') {
      for (const data of chunks.finish(event)) yield { data }
      return
    }
    const data = chunks.write(event)
    if (data !== undefined) yield { data }
  }
  throw new ModelError('unavailable', 'the answer broke off before its end')
}

/**
 * Whether the client sees something in this event that it could not unsee. Reasoning counts: it is sent as
 * `reasoning_content`, and clients show it.
 */
export function isVisible(event: ModelEvent): boolean {
  switch (event.type) {
    case 'text-delta':
      return event.text !== '' || event.logprobs !== undefined
    case 'thinking-delta':
      return event.text !== ''
    case 'block-start':
      return event.block.type === 'tool-call'
    case 'input-delta':
    case 'end':
      return true
    case 'start':
    case 'signature':
    case 'citation':
    case 'block-end':
      return false
  }
}

/** Writes the chunks of one answer. What they all share is written as JSON once. */
class Chunks {
  readonly #head: string
  readonly #close: string
  readonly #includesUsage: boolean
  #usage: Usage
  #lastCall = -1
  /** Whether the open block is a call that has no arguments so far. */
  #lacksInput = false

  constructor(start: Start, { responseId, created, includesUsage }: ReplyContext) {
    const head: Omit<ChatChunk, 'choices'> = {
      id: responseId,
      object: 'chat.completion.chunk',
      created,
      model: start.model,
      ...ownHead(start.extras),
    }
    this.#head = JSON.stringify(head).slice(0, -1)
    this.#close = includesUsage ? '],"usage":null}' : ']}'
    this.#includesUsage = includesUsage
    this.#usage = start.usage
  }

  /** Gives the chunk for an event, or nothing for one that Chat cannot say. */
  write(event: Exclude<ModelEvent, End>): string | undefined {
    switch (event.type) {
      case 'start':
        return this.#chunk({ role: 'assistant', content: '' })
      case 'block-start':
        return this.#open(event.block)
      case 'text-delta':
        return this.#text(event)
      case 'thinking-delta':
        return event.text === '' ? undefined : this.#chunk({ reasoning_content: event.text })
      case 'input-delta':
        if (event.json === '') return undefined
        this.#lacksInput = false
        return this.#call({ index: this.#lastCall, function: { arguments: event.json } })
      case 'block-end':
        return this.#end()
      case 'signature':
      case 'citation':
        return undefined
    }
  }

  *finish({ stop, usage }: End): Generator<string> {
    if (stop.reason === 'refusal' && stop.explanation) yield this.#chunk({ refusal: stop.explanation })
    yield this.#choice({
      delta: {},
      logprobs: null,
      finish_reason: finishReasons[stop.reason],
      ...(stop.sequence !== undefined && { stop_reason: stop.sequence }),
    })
    if (this.#includesUsage) {
      const counts = encodeUsage({ ...this.#usage, ...usage })
      yield `${this.#head},"choices":[],"usage":${JSON.stringify(counts ?? null)}}`
    }
    yield '[DONE]'
  }

  #text({ text, logprobs }: Extract<ModelEvent, { type: 'text-delta' }>): string | undefined {
    if (!logprobs) return text === '' ? undefined : this.#chunk({ content: text })
    return this.#choice({ delta: { content: text }, logprobs: encodeLogprobs(logprobs), finish_reason: null })
  }

  #open(block: OutputBlock): string | undefined {
    if (block.type !== 'tool-call') return undefined
    this.#lacksInput = true
    this.#lastCall += 1
    const { id, name } = block
    return this.#call({ index: this.#lastCall, id, type: 'function', function: { name, arguments: '' } })
  }

  #end(): string | undefined {
    if (!this.#lacksInput) return undefined
    this.#lacksInput = false
    return this.#call({ index: this.#lastCall, function: { arguments: emptyInput } })
  }

  #call(call: ToolCallDelta): string {
    return this.#chunk({ tool_calls: [call] })
  }

  #chunk(delta: Delta): string {
    return `${this.#head},"choices":[{"index":0,"delta":${JSON.stringify(delta)},"logprobs":null,"finish_reason":null}${this.#close}`
  }

  #choice(choice: Omit<ChunkChoice, 'index'>): string {
    return `${this.#head},"choices":[${JSON.stringify({ index: 0, ...choice })}${this.#close}`
  }
}
