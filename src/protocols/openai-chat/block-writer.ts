import type { OutputBlock } from '../../core/content.ts'
import type { ModelEvent, TokenLogprob } from '../../core/events.ts'

/** Gives events their blocks: it counts them, keeps one open at a time and closes it when another kind begins. */
export class BlockWriter {
  #events: ModelEvent[] = []
  #index = -1
  #open: OutputBlock['type'] | undefined

  text(text: string, logprobs: readonly TokenLogprob[]): void {
    this.#begin({ type: 'text' })
    const index = this.#index
    this.#events.push({ type: 'text-delta', index, text, ...(logprobs.length > 0 && { logprobs }) })
  }

  thinking(text: string): void {
    this.#begin({ type: 'thinking' })
    this.#events.push({ type: 'thinking-delta', index: this.#index, text })
  }

  call(id: string, name: string): void {
    this.close()
    this.#begin({ type: 'tool-call', id, name })
  }

  input(json: string): void {
    if (json !== '') this.#events.push({ type: 'input-delta', index: this.#index, json })
  }

  close(): void {
    if (this.#open === undefined) return
    this.#open = undefined
    this.#events.push({ type: 'block-end', index: this.#index })
  }

  /** Gives what was written since the last time. */
  take(): readonly ModelEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  #begin(block: OutputBlock): void {
    if (this.#open === block.type) return
    this.close()
    this.#index += 1
    this.#open = block.type
    this.#events.push({ type: 'block-start', index: this.#index, block })
  }
}
