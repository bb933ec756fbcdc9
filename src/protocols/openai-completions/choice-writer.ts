import type { ModelEvent } from '../../core/events.ts'
import type { StopReason } from '../../core/stop.ts'
import type { Usage } from '../../core/usage.ts'
import { createLogprobWriter } from './logprobs.ts'
import type { LogprobWriter } from './logprobs.ts'
import type { TextChoice } from './wire.ts'

/** Speaks the answer to one prompt in pieces. */
export class ChoiceWriter {
  readonly #index: number
  readonly #logprobs: LogprobWriter
  /** The name of the model that answers. */
  model = ''
  usage: Usage = {}
  hasEnded = false

  constructor(index: number, { echoesPrompt }: { readonly echoesPrompt: boolean }) {
    this.#index = index
    this.#logprobs = createLogprobWriter({ beginsText: echoesPrompt })
  }

  /** Gives the piece that an event is; nothing for what is no text. */
  write(event: ModelEvent): TextChoice | undefined {
    switch (event.type) {
      case 'start':
        this.model = event.model
        this.usage = event.usage
        return undefined
      case 'text-delta':
        return this.#text(event)
      case 'end':
        this.usage = { ...this.usage, ...event.usage }
        this.hasEnded = true
        return this.#end(event)
      case 'block-start':
      case 'thinking-delta':
      case 'signature':
      case 'input-delta':
      case 'citation':
      case 'block-end':
        return undefined
    }
  }

  #text({ text, logprobs }: Extract<ModelEvent, { type: 'text-delta' }>): TextChoice | undefined {
    if (text === '' && !logprobs) return undefined
    const written = logprobs ? this.#logprobs.write(text, logprobs) : null
    return { text, index: this.#index, logprobs: written, finish_reason: null }
  }

  #end({ stop }: Extract<ModelEvent, { type: 'end' }>): TextChoice {
    return {
      text: '',
      index: this.#index,
      logprobs: null,
      finish_reason: finishReasons[stop.reason],
      ...(stop.sequence !== undefined && { stop_reason: stop.sequence }),
    }
  }
}

const finishReasons: Readonly<Record<StopReason, TextChoice['finish_reason']>> = {
  'end-turn': 'stop',
  'max-tokens': 'length',
  'context-window': 'length',
  'stop-sequence': 'stop',
  'tool-use': 'stop',
  refusal: 'content_filter',
  pause: 'stop',
}
