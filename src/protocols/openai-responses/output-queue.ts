import type { ModelEvent } from '../../core/events.ts'
import { broken } from '../openai-errors.ts'

type WithoutIndex<T> = T extends { readonly index: number } ? Omit<T, 'index'> : never

/** An event of a block that has no place in the answer yet. */
export type BlockEvent = WithoutIndex<ModelEvent>

const maxItems = 1024
const maxWaitingLength = 16 * 1024 * 1024

/**
 * Puts the items of an answer, whose events may come interleaved, one after another.
 * The first that is not done is passed on as it comes; those of later ones wait for it.
 */
export class OutputQueue {
  readonly #slots: Slot[] = []
  #count = 0
  #waitingLength = 0
  #index = -1
  #events: ModelEvent[] = []

  /** Makes room for one more item. */
  add(): Slot {
    if (this.#count === maxItems) throw broken(`more than ${maxItems} items in one answer`)
    this.#count += 1
    const slot: Slot = { held: [], isDone: false }
    this.#slots.push(slot)
    return slot
  }

  write(slot: Slot, event: BlockEvent): void {
    if (slot.isDone) throw broken('more of an item after its end')
    if (slot === this.#slots[0]) return this.#pass(event)
    this.#waitingLength += lengthOf(event)
    if (this.#waitingLength > maxWaitingLength) throw broken('too much of items that are interleaved')
    slot.held.push(event)
  }

  /** Ends an item: nothing more belongs to it. */
  close(slot: Slot): void {
    slot.isDone = true
    while (this.#slots[0]?.isDone === true) {
      this.#slots.shift()
      for (const event of this.#slots[0]?.held.splice(0) ?? []) {
        this.#waitingLength -= lengthOf(event)
        this.#pass(event)
      }
    }
  }

  /** Gives what was passed on since the last time. */
  take(): readonly ModelEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  #pass(event: BlockEvent): void {
    if (event.type === 'block-start') this.#index += 1
    this.#events.push({ ...event, index: this.#index })
  }
}

/** The room of one item. */
export interface Slot {
  readonly held: BlockEvent[]
  isDone: boolean
}

function lengthOf(event: BlockEvent): number {
  switch (event.type) {
    case 'text-delta':
    case 'thinking-delta':
      return event.text.length
    case 'input-delta':
      return event.json.length
    case 'signature':
      return event.signature.length
    case 'block-start':
    case 'block-end':
    case 'citation':
      return 64
  }
}
