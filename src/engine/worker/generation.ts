import type { GenerationEvent } from '../messages.ts'
import type { LanguageModel, Sampler } from './language-model.ts'
import { createStopMatcher } from './stop-matcher.ts'
import type { StopMatcher } from './stop-matcher.ts'
import type { SamplerConfig } from './binding.ts'
import { createTextDecoder } from './text-decoder.ts'
import type { TextDecoder } from './text-decoder.ts'

/** What one answer is made from. */
export interface Job {
  readonly id: number
  readonly tokens: Uint32Array
  readonly sampler: SamplerConfig
  readonly isReproducible: boolean
  readonly stopSequences: readonly string[]
  readonly maxTokens: number | undefined
}

/* Enough of the prompt for the first token's spelling to be right. */
const contextForSpelling = 4

/** One answer being written: from tokens drawn to text shown and a reason to stop. */
export class Generation {
  readonly job: Job
  readonly #model: LanguageModel
  readonly #sampler: Sampler
  readonly #decoder: TextDecoder
  readonly #matcher: StopMatcher
  #outputTokens = 0

  constructor(model: LanguageModel, job: Job) {
    this.job = job
    this.#model = model
    this.#sampler = model.createSampler(job.sampler)
    this.#decoder = createTextDecoder(
      tokens => model.detokenize(tokens),
      Array.from(job.tokens.slice(-contextForSpelling)),
    )
    this.#matcher = createStopMatcher(job.stopSequences)
  }

  /** Whether the prompt is only to be read. */
  get writesNothing(): boolean {
    return this.job.maxTokens === 0
  }

  sample(logits: number): Promise<number> {
    return this.#sampler.sample(logits)
  }

  /** Takes a drawn token; gives what it shows, with `ended` last where it is the last one. */
  take(token: number): readonly GenerationEvent[] {
    this.#outputTokens += 1
    if (this.#model.endsGeneration(token)) return this.#finish('end-turn')
    const { text, sequence } = this.#matcher.push(this.#decoder.push(token))
    if (sequence !== undefined) return [...this.#show(text), this.#ended('stop-sequence', sequence)]
    if (this.#outputTokens === this.job.maxTokens) return [...this.#show(text), ...this.#finish('max-tokens')]
    const isFull = this.job.tokens.length + this.#outputTokens >= this.#model.contextTokens
    return isFull ? [...this.#show(text), ...this.#finish('context-window')] : this.#show(text)
  }

  /** Ends an answer that has nothing to write. */
  finishUnwritten(): readonly GenerationEvent[] {
    return [this.#ended('max-tokens')]
  }

  dispose(): void {
    this.#sampler.dispose()
  }

  #finish(reason: 'end-turn' | 'max-tokens' | 'context-window'): readonly GenerationEvent[] {
    const { text, sequence } = this.#matcher.push(this.#decoder.end())
    if (sequence !== undefined) return [...this.#show(text), this.#ended('stop-sequence', sequence)]
    return [...this.#show(text + this.#matcher.end()), this.#ended(reason)]
  }

  #show(text: string): GenerationEvent[] {
    return text === '' ? [] : [{ type: 'text', id: this.job.id, text }]
  }

  #ended(reason: 'end-turn' | 'max-tokens' | 'context-window' | 'stop-sequence', sequence?: string): GenerationEvent {
    return {
      type: 'ended',
      id: this.job.id,
      reason,
      outputTokens: this.#outputTokens,
      ...(sequence !== undefined && { sequence }),
    }
  }
}
