import type { JsonObject } from '../../core/json.ts'
import type { ItemEvent, ItemStatus, ItemWriter } from './item-writer.ts'
import { customInput, type Disguise } from './tool-names.ts'

/** A call that a model begins. */
export interface Called {
  readonly id: string
  readonly name: string
  /** What this protocol says of it beyond any other. */
  readonly kept: JsonObject
}

/** Writes a `function_call`. */
export class FunctionCallWriter implements ItemWriter {
  readonly id: string
  readonly begun: JsonObject
  #pieces: string[] = []

  constructor(id: string, { id: call_id, name, kept }: Called) {
    this.id = id
    this.begun = { id, type: 'function_call', status: 'in_progress', call_id, name, arguments: '', ...kept }
  }

  write(piece: Parameters<ItemWriter['write']>[0]): readonly ItemEvent[] {
    if (piece.type !== 'input-delta' || piece.json === '') return []
    this.#pieces.push(piece.json)
    return [{ type: 'response.function_call_arguments.delta', delta: piece.json }]
  }

  close(): readonly ItemEvent[] {
    const { name = '' } = this.begun
    // A client that parses arguments as JSON would trip over nothing at all.
    const filled = this.#pieces.length === 0 ? this.write({ type: 'input-delta', index: 0, json: '{}' }) : []
    return [...filled, { type: 'response.function_call_arguments.done', name, arguments: this.#pieces.join('') }]
  }

  whole(status: ItemStatus): JsonObject {
    return { ...this.begun, status, arguments: this.#pieces.join('') }
  }
}

/** Writes a `custom_tool_call`, whose text is known when its arguments are whole. */
export class CustomCallWriter implements ItemWriter {
  readonly id: string
  readonly begun: JsonObject
  readonly #pieces: string[] = []

  constructor(id: string, { id: call_id, kept }: Called, { name, namespace }: Disguise) {
    this.id = id
    const own = namespace === undefined ? kept : { ...kept, namespace }
    this.begun = { id, type: 'custom_tool_call', status: 'in_progress', call_id, name, input: '', ...own }
  }

  write(piece: Parameters<ItemWriter['write']>[0]): readonly ItemEvent[] {
    if (piece.type === 'input-delta') this.#pieces.push(piece.json)
    return []
  }

  close(): readonly ItemEvent[] {
    const input = this.#input
    return [
      { type: 'response.custom_tool_call_input.delta', delta: input },
      { type: 'response.custom_tool_call_input.done', input },
    ]
  }

  whole(status: ItemStatus): JsonObject {
    return { ...this.begun, status, input: this.#input }
  }

  get #input(): string {
    return customInput(this.#pieces.join(''))
  }
}
