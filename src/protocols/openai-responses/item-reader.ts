import type { JsonObject } from '../../core/json.ts'
import { broken } from '../openai-errors.ts'
import type { BlockEvent } from './output-queue.ts'

/** Reads one item of an answer. What its events left out is filled in from the item itself, at its end. */
export interface ItemReader {
  readonly type: string
  /** What the model said in refusal. */
  readonly refusal: string
  /** Reads an event that is the item's, by its type. */
  read(type: string, event: JsonObject): void
  /** Reads the item as it is in the end. */
  end(item: JsonObject): void
}

export type Write = (event: BlockEvent) => void

/** Text that comes in pieces and at last whole, so that nothing is missed and nothing is said twice. */
export class Whole {
  #text = ''

  get isEmpty(): boolean {
    return this.#text === ''
  }

  /** Takes a piece, and gives it. */
  add(piece: unknown): string {
    if (typeof piece !== 'string') throw broken('a piece of an item that is not text')
    this.#text += piece
    return piece
  }

  /** Gives what the pieces lacked. A whole that they do not begin is another spelling of the same, and adds nothing. */
  complete(whole: unknown): string {
    if (typeof whole !== 'string' || !whole.startsWith(this.#text)) return ''
    const rest = whole.slice(this.#text.length)
    this.#text = whole
    return rest
  }
}

/** Gives the value that belongs to a key, made at its first use. */
export function obtain<K, V>(values: Map<K, V>, key: K, make: () => V): V {
  const known = values.get(key)
  if (known !== undefined) return known
  const made = make()
  values.set(key, made)
  return made
}
