import type { JsonObject } from '../../core/json.ts'
import { arrayIn, countIn, objectIn, stringIn } from '../json.ts'
import { sealReasoning } from '../reasoning-seal.ts'
import { type ItemReader, obtain, Whole, type Write } from './item-reader.ts'

/** A maker tells its reasoning in full, or sums it up. */
type Telling = 'content' | 'summary'

/** Reads `reasoning`. Where it comes both in full and summed up, what comes first is what is told. */
export class ReasoningReader implements ItemReader {
  readonly type = 'reasoning'
  readonly refusal = ''
  readonly #write: Write
  readonly #parts = new Map<number, Whole>()
  #telling: Telling | undefined
  #isOpen = false
  #lastPart = 0

  constructor(_item: JsonObject, write: Write) {
    this.#write = write
  }

  read(type: string, event: JsonObject): void {
    switch (type) {
      case 'response.reasoning_summary_text.delta':
        return this.#add('summary', event['summary_index'], event['delta'])
      case 'response.reasoning_summary_text.done':
        return this.#complete('summary', event['summary_index'], event['text'])
      case 'response.reasoning_text.delta':
        return this.#add('content', event['content_index'], event['delta'])
      case 'response.reasoning_text.done':
        return this.#complete('content', event['content_index'], event['text'])
      default:
      // Parts that begin and end, or an event that is younger than this reader.
    }
  }

  end(item: JsonObject): void {
    for (const telling of ['content', 'summary'] as const) {
      for (const [index, part] of (arrayIn(item[telling]) ?? []).entries()) {
        this.#complete(telling, index, objectIn(part)?.['text'])
      }
    }
    const signature = this.#signature(item)
    if (signature !== undefined) {
      this.#begin()
      this.#write({ type: 'signature', signature })
    }
    if (this.#isOpen) this.#write({ type: 'block-end' })
  }

  #signature(item: JsonObject): string | undefined {
    const id = stringIn(item['id']) ?? ''
    const data = stringIn(item['encrypted_content']) ?? ''
    // A summary is not the reasoning: alone, it tells its maker nothing.
    const isPlain = this.#telling === 'content' && id !== ''
    return data !== '' || isPlain ? sealReasoning('openai-responses', { id, data }) : undefined
  }

  #add(telling: Telling, index: unknown, piece: unknown): void {
    if (!this.#tells(telling)) return
    this.#say(index, this.#part(index).add(piece))
  }

  #complete(telling: Telling, index: unknown, whole: unknown): void {
    if (typeof whole !== 'string' || whole === '' || !this.#tells(telling)) return
    this.#say(index, this.#part(index).complete(whole))
  }

  #tells(telling: Telling): boolean {
    this.#telling ??= telling
    return this.#telling === telling
  }

  #part(index: unknown): Whole {
    return obtain(this.#parts, countIn(index) ?? 0, () => new Whole())
  }

  #say(index: unknown, text: string): void {
    if (text === '') return
    const part = countIn(index) ?? 0
    const isNext = this.#isOpen && part !== this.#lastPart
    this.#lastPart = part
    this.#begin()
    this.#write({ type: 'thinking-delta', text: isNext ? `\n\n${text}` : text })
  }

  #begin(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#write({ type: 'block-start', block: { type: 'thinking', origin: 'openai-responses' } })
  }
}
