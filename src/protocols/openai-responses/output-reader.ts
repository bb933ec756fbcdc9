import type { ModelEvent } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { countIn, isJsonObject, objectIn, stringIn } from '../json.ts'
import { CallReader } from './call-reader.ts'
import type { ItemReader, Write } from './item-reader.ts'
import { MessageReader } from './message-reader.ts'
import { OpaqueReader } from './opaque-reader.ts'
import { OutputQueue, type Slot } from './output-queue.ts'
import { ReasoningReader } from './reasoning-reader.ts'
import type { SaidOnTheWay } from './stop.ts'

interface Entry {
  readonly reader: ItemReader
  readonly slot: Slot
  readonly id: string | undefined
  readonly index: number | undefined
  /** The item as it was last seen. */
  item: JsonObject
}

/**
 * Reads the items of an answer. Upstreams number and name them more or less well, or not at all, so an event goes to
 * the item that fits best: by its id, by its place, or else to the last one of its kind.
 */
export class OutputReader {
  readonly #queue = new OutputQueue()
  readonly #entries: Entry[] = []

  /** Reads that an item begins. */
  begin(event: JsonObject): void {
    const item = objectIn(event['item'])
    if (item && !this.#find(event, item, isSame)) this.#add(event, item)
  }

  /** Reads an event within an item. */
  read(type: string, event: JsonObject): void {
    const kind = kindOf(type)
    if (kind === undefined) return
    const known = this.#find(event, { type: kind, id: event['item_id'] ?? null }, isOfKind)
    const entry = known ?? this.#add(event, { type: kind, ...idOf(event) })
    entry.reader.read(type, event)
  }

  /** Reads that an item ends. */
  end(event: JsonObject): void {
    const item = objectIn(event['item'])
    if (item) this.#finish(this.#find(event, item, isOfKind) ?? this.#add(event, item), item)
  }

  /** Reads all items as they are in the end, and ends those that are still open. */
  endAll(output: readonly unknown[]): void {
    const begun = [...this.#entries]
    for (const [index, item] of output.entries()) {
      if (!isJsonObject(item)) continue
      const known = this.#find({ output_index: index }, item, isSame)
      // Where the upstream numbers nothing, an item that no event told of cannot be told from one that one did.
      const isUnheard = begun.every(entry => entry.index !== undefined && entry.index !== index)
      if (known || isUnheard) this.#finish(known ?? this.#add({ output_index: index }, item), item)
    }
    for (const entry of this.#entries) this.#finish(entry, entry.item)
  }

  take(): readonly ModelEvent[] {
    return this.#queue.take()
  }

  get said(): SaidOnTheWay {
    const readers = this.#entries.map(({ reader }) => reader)
    return {
      refusal: readers.map(({ refusal }) => refusal).join(''),
      hasCalls: readers.some(({ type }) => awaited.has(type)),
    }
  }

  #finish(entry: Entry, item: JsonObject): void {
    if (entry.slot.isDone) return
    entry.reader.end(item)
    this.#queue.close(entry.slot)
  }

  #add(event: JsonObject, item: JsonObject): Entry {
    const slot = this.#queue.add()
    const write: Write = event => this.#queue.write(slot, event)
    const entry: Entry = {
      reader: readerOf(item, write),
      slot,
      id: stringIn(item['id']),
      index: countIn(event['output_index']),
      item,
    }
    this.#entries.push(entry)
    return entry
  }

  #find(event: JsonObject, item: JsonObject, fits: (entry: Entry, wanted: Wanted) => boolean): Entry | undefined {
    const wanted: Wanted = {
      type: stringIn(item['type']) ?? '',
      id: stringIn(item['id']) || undefined,
      index: countIn(event['output_index']),
    }
    const ofType = this.#entries.filter(({ reader }) => reader.type === wanted.type)
    return (
      ofType.find(({ id }) => id !== undefined && id === wanted.id) ??
      ofType.find(({ index }) => index !== undefined && index === wanted.index) ??
      ofType.findLast(entry => fits(entry, wanted))
    )
  }
}

interface Wanted {
  readonly type: string
  readonly id: string | undefined
  readonly index: number | undefined
}

/** Without an id and a place, an item that begins is another one. */
function isSame(): boolean {
  return false
}

/** Without an id and a place that are known, an event belongs to the last item of its kind that is not at its end. */
function isOfKind({ slot, index }: Entry, wanted: Wanted): boolean {
  return !slot.isDone && (index === undefined || wanted.index === undefined)
}

function idOf({ item_id: id }: JsonObject): JsonObject {
  return typeof id === 'string' ? { id } : {}
}

function readerOf(item: JsonObject, write: Write): ItemReader {
  const type = stringIn(item['type']) ?? ''
  switch (type) {
    case 'message':
      return new MessageReader(item, write)
    case 'function_call':
      return new CallReader(item, write)
    case 'reasoning':
      return new ReasoningReader(item, write)
    default:
      return new OpaqueReader(type, write)
  }
}

/** The items that wait for a result from the client. */
const awaited: ReadonlySet<string> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
])

function kindOf(type: string): string | undefined {
  const kinds: readonly (readonly [string, string])[] = [
    ['response.output_text.', 'message'],
    ['response.refusal.', 'message'],
    ['response.function_call_arguments.', 'function_call'],
    ['response.reasoning_summary_text.', 'reasoning'],
    ['response.reasoning_text.', 'reasoning'],
  ]
  return kinds.find(([prefix]) => type.startsWith(prefix))?.[1]
}
