import type { JsonObject } from '../../core/json.ts'
import { stringIn } from '../json.ts'
import type { ItemEvent, ItemWriter } from './item-writer.ts'

/** Writes an item that only this protocol understands, as its maker gave it. */
export class OpaqueWriter implements ItemWriter {
  readonly id: string
  readonly begun: JsonObject
  readonly #whole: JsonObject
  /** The text of a custom tool's call, which clients read in pieces too. */
  readonly #input: string | undefined

  constructor(id: string, value: JsonObject) {
    const own = stringIn(value['id']) ?? ''
    this.id = own === '' ? id : own
    this.#whole = { ...value, id: this.id }
    this.#input = value['type'] === 'custom_tool_call' ? (stringIn(value['input']) ?? '') : undefined
    this.begun = { ...this.#whole, ...(this.#input !== undefined && { input: '' }) }
  }

  write(): readonly ItemEvent[] {
    return []
  }

  close(): readonly ItemEvent[] {
    const input = this.#input
    if (input === undefined) return []
    return [
      { type: 'response.custom_tool_call_input.delta', delta: input },
      { type: 'response.custom_tool_call_input.done', input },
    ]
  }

  whole(): JsonObject {
    return this.#whole
  }
}
