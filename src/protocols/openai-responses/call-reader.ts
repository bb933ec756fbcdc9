import type { JsonObject } from '../../core/json.ts'
import { stringIn } from '../json.ts'
import { broken } from '../openai-errors.ts'
import { asExtras } from './extras.ts'
import { type ItemReader, Whole, type Write } from './item-reader.ts'
import { flatName } from './tool-names.ts'

/** Reads a `function_call`. */
export class CallReader implements ItemReader {
  readonly type = 'function_call'
  readonly refusal = ''
  readonly #write: Write
  readonly #arguments = new Whole()
  #isOpen = false

  constructor(item: JsonObject, write: Write) {
    this.#write = write
    this.#open(item)
  }

  read(type: string, event: JsonObject): void {
    // Without its name a call cannot begin; the whole item brings both.
    if (!this.#isOpen) return
    if (type === 'response.function_call_arguments.delta') this.#input(this.#arguments.add(event['delta']))
    if (type === 'response.function_call_arguments.done') this.#input(this.#arguments.complete(event['arguments']))
  }

  end(item: JsonObject): void {
    this.#open(item)
    if (!this.#isOpen) throw broken('a tool call without an id and a name')
    this.#input(this.#arguments.complete(item['arguments']))
    this.#write({ type: 'block-end' })
  }

  #open(item: JsonObject): void {
    if (this.#isOpen) return
    const id = stringIn(item['call_id']) || stringIn(item['id'])
    const name = stringIn(item['name'])
    if (!id || !name) return
    this.#isOpen = true
    const namespace = stringIn(item['namespace'])
    const kept = namespace === undefined ? {} : { namespace, name }
    const block = { type: 'tool-call', id, name: flatName(namespace, name), ...asExtras(kept) } as const
    this.#write({ type: 'block-start', block })
  }

  #input(json: string): void {
    if (json !== '') this.#write({ type: 'input-delta', json })
  }
}
