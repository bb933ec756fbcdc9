import type { ModelEvent, TokenLogprob } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { encodeTokenLogprobs } from '../openai-logprobs.ts'
import type { ItemEvent, ItemStatus, ItemWriter } from './item-writer.ts'

type TextDelta = Extract<ModelEvent, { type: 'text-delta' }>

/** A text that is being written. */
interface Draft {
  readonly pieces: string[]
  readonly annotations: JsonObject[]
  readonly logprobs: TokenLogprob[]
}

/** Writes a `message`: one part for each text, and one for a refusal. */
export class MessageWriter implements ItemWriter {
  readonly id: string
  readonly begun: JsonObject
  /** What the model said of the whole message, as far as it did. */
  readonly phase: JsonObject
  readonly #parts: JsonObject[] = []
  #draft: Draft | undefined

  constructor(id: string, phase: JsonObject) {
    this.id = id
    this.phase = phase
    this.begun = { id, type: 'message', status: 'in_progress', role: 'assistant', content: [], ...phase }
  }

  /** Begins one more text. */
  openText(): readonly ItemEvent[] {
    const closed = this.close()
    this.#draft = { pieces: [], annotations: [], logprobs: [] }
    const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
    return [...closed, this.#event('response.content_part.added', { part })]
  }

  write(piece: Parameters<ItemWriter['write']>[0]): readonly ItemEvent[] {
    if (piece.type === 'text-delta') return this.#text(piece)
    if (piece.type === 'citation' && piece.protocol === 'openai-responses') return this.#cite(piece.value)
    return []
  }

  close(): readonly ItemEvent[] {
    const draft = this.#draft
    if (!draft) return []
    this.#draft = undefined
    const text = draft.pieces.join('')
    const logprobs = encodeTokenLogprobs(draft.logprobs)
    const part: JsonObject = { type: 'output_text', text, annotations: draft.annotations, logprobs }
    const events = [
      this.#event('response.output_text.done', { text, logprobs }),
      this.#event('response.content_part.done', { part }),
    ]
    this.#parts.push(part)
    return events
  }

  /** Adds the words with which the model refused. */
  refuse(refusal: string): readonly ItemEvent[] {
    const closed = this.close()
    const events = [
      this.#event('response.content_part.added', { part: { type: 'refusal', refusal: '' } }),
      this.#event('response.refusal.delta', { delta: refusal }),
      this.#event('response.refusal.done', { refusal }),
      this.#event('response.content_part.done', { part: { type: 'refusal', refusal } }),
    ]
    this.#parts.push({ type: 'refusal', refusal })
    return [...closed, ...events]
  }

  whole(status: ItemStatus): JsonObject {
    return { ...this.begun, status, content: [...this.#parts] }
  }

  #text({ text, logprobs = [] }: TextDelta): readonly ItemEvent[] {
    if (text === '' && logprobs.length === 0) return []
    this.#draft?.pieces.push(text)
    this.#draft?.logprobs.push(...logprobs)
    return [this.#event('response.output_text.delta', { delta: text, logprobs: encodeTokenLogprobs(logprobs) })]
  }

  #cite(annotation: JsonObject): readonly ItemEvent[] {
    const annotations = this.#draft?.annotations ?? []
    annotations.push(annotation)
    const annotation_index = annotations.length - 1
    return [this.#event('response.output_text.annotation.added', { annotation_index, annotation })]
  }

  #event(type: string, fields: JsonObject): ItemEvent {
    return { type, content_index: this.#parts.length, ...fields }
  }
}
