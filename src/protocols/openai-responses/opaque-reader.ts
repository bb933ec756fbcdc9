import type { JsonObject } from '../../core/json.ts'
import type { ItemReader, Write } from './item-reader.ts'

/** Reads an item that only this protocol understands, such as the call of a tool that the upstream runs. It is given whole, at its end. */
export class OpaqueReader implements ItemReader {
  readonly type: string
  readonly refusal = ''
  readonly #write: Write

  constructor(type: string, write: Write) {
    this.type = type
    this.#write = write
  }

  read(): void {
    // Its progress is of no use to anybody else.
  }

  end(item: JsonObject): void {
    this.#write({ type: 'block-start', block: { type: 'opaque', protocol: 'openai-responses', value: item } })
    this.#write({ type: 'block-end' })
  }
}
