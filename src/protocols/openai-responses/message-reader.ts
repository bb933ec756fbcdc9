import type { TokenLogprob } from '../../core/events.ts'
import type { JsonObject } from '../../core/json.ts'
import { arrayIn, countIn, isJsonObject, objectIn, stringIn } from '../json.ts'
import { decodeTokenLogprobs } from '../openai-logprobs.ts'
import { asExtras } from './extras.ts'
import { type ItemReader, obtain, Whole, type Write } from './item-reader.ts'

interface Part {
  readonly text: Whole
  readonly refusal: Whole
  annotations: number
  hasLogprobs: boolean
}

/** Reads a `message`: each text in it becomes a block; a refusal is a reason to stop. */
export class MessageReader implements ItemReader {
  readonly type = 'message'
  refusal = ''
  readonly #write: Write
  readonly #parts = new Map<number, Part>()
  readonly #phase: string | undefined
  #open: Part | undefined

  constructor(item: JsonObject, write: Write) {
    this.#write = write
    this.#phase = stringIn(item['phase'])
  }

  read(type: string, event: JsonObject): void {
    const part = this.#part(countIn(event['content_index']) ?? 0)
    switch (type) {
      case 'response.output_text.delta':
        return this.#say(part, part.text.add(event['delta']), decodeTokenLogprobs(event['logprobs']))
      case 'response.output_text.done':
        return this.#say(part, part.text.complete(event['text']))
      case 'response.output_text.annotation.added':
        return this.#cite(part, objectIn(event['annotation']))
      case 'response.refusal.delta':
        this.refusal += part.refusal.add(event['delta'])
        return
      case 'response.refusal.done':
        this.refusal += part.refusal.complete(event['refusal'])
        return
      default:
      // An event that is younger than this reader.
    }
  }

  end(item: JsonObject): void {
    for (const [index, part] of (arrayIn(item['content']) ?? []).entries()) {
      this.#complete(this.#part(index), objectIn(part) ?? {})
    }
    this.#close()
  }

  #part(index: number): Part {
    return obtain(this.#parts, index, () => ({
      text: new Whole(),
      refusal: new Whole(),
      annotations: 0,
      hasLogprobs: false,
    }))
  }

  #complete(part: Part, wire: JsonObject): void {
    if (wire['type'] === 'refusal') this.refusal += part.refusal.complete(wire['refusal'])
    if (wire['type'] !== 'output_text') return
    const logprobs = part.text.isEmpty && !part.hasLogprobs ? decodeTokenLogprobs(wire['logprobs']) : []
    this.#say(part, part.text.complete(wire['text']), logprobs)
    const annotations = (arrayIn(wire['annotations']) ?? []).filter(isJsonObject)
    for (const value of annotations.slice(part.annotations)) this.#cite(part, value)
  }

  #say(part: Part, text: string, logprobs: readonly TokenLogprob[] = []): void {
    if (text === '' && logprobs.length === 0) return
    part.hasLogprobs ||= logprobs.length > 0
    this.#begin(part)
    this.#write({ type: 'text-delta', text, ...(logprobs.length > 0 && { logprobs }) })
  }

  #cite(part: Part, value: JsonObject | undefined): void {
    if (!value) return
    part.annotations += 1
    this.#begin(part)
    this.#write({ type: 'citation', protocol: 'openai-responses', value })
  }

  #begin(part: Part): void {
    if (this.#open === part) return
    this.#close()
    this.#open = part
    const kept = this.#phase === undefined ? {} : { phase: this.#phase }
    this.#write({ type: 'block-start', block: { type: 'text', ...asExtras(kept) } })
  }

  #close(): void {
    if (this.#open) this.#write({ type: 'block-end' })
    this.#open = undefined
  }
}
