import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'

/** An event of an item, without what all events of the item have: its place and its id. */
export type ItemEvent = JsonObject & { readonly type: string }

export type ItemStatus = 'completed' | 'incomplete'

type Delta = Extract<ModelEvent, { type: 'text-delta' | 'thinking-delta' | 'input-delta' | 'signature' | 'citation' }>

/** Writes one item of an answer: as it begins, in pieces, and as it is in the end. */
export interface ItemWriter {
  readonly id: string
  /** The item with nothing in it. */
  readonly begun: JsonObject
  /** Gives the events that say a piece. */
  write(piece: Delta): readonly ItemEvent[]
  /** Gives the events that end what is still open in it. */
  close(): readonly ItemEvent[]
  /** The item as it is in the end. */
  whole(status: ItemStatus): JsonObject
}
