import type { JsonObject } from '../../core/json.ts'
import { encryptedContent } from './decode-reasoning.ts'
import type { ItemEvent, ItemStatus, ItemWriter } from './item-writer.ts'

/**
 * Writes `reasoning`. Its text is told as a summary, which is what clients show; what its maker needs to know it again
 * goes into `encrypted_content`.
 */
export class ReasoningWriter implements ItemWriter {
  readonly id: string
  readonly begun: JsonObject
  #hidden: string | undefined
  #pieces: string[] | undefined

  constructor(id: string, hidden?: string) {
    this.id = id
    this.#hidden = hidden
    this.begun = { id, type: 'reasoning', status: 'in_progress', summary: [] }
  }

  write(piece: Parameters<ItemWriter['write']>[0]): readonly ItemEvent[] {
    if (piece.type === 'signature') this.#hidden = encryptedContent(piece.signature)
    if (piece.type !== 'thinking-delta' || piece.text === '') return []
    const opened = this.#pieces ? [] : [event('response.reasoning_summary_part.added', { part: summaryOf('') })]
    this.#pieces ??= []
    this.#pieces.push(piece.text)
    return [...opened, event('response.reasoning_summary_text.delta', { delta: piece.text })]
  }

  close(): readonly ItemEvent[] {
    if (!this.#pieces) return []
    const text = this.#pieces.join('')
    return [
      event('response.reasoning_summary_text.done', { text }),
      event('response.reasoning_summary_part.done', { part: summaryOf(text) }),
    ]
  }

  whole(status: ItemStatus): JsonObject {
    const hidden = this.#hidden === undefined ? {} : { encrypted_content: this.#hidden }
    return { ...this.begun, status, summary: this.#pieces ? [summaryOf(this.#pieces.join(''))] : [], ...hidden }
  }
}

function summaryOf(text: string): JsonObject {
  return { type: 'summary_text', text }
}

/* There is one part, however long it is. */
function event(type: string, fields: JsonObject): ItemEvent {
  return { type, summary_index: 0, ...fields }
}
