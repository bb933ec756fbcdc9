import type { StopReason } from '../../core/stop.ts'
import type { GenerationEvent } from '../messages.ts'
import type { LanguageModel, Sampler } from './language-model.ts'
import type { ToolSchemas, OutputEvent } from './output/output-event.ts'
import type { OutputFormat } from './output/output-format.ts'
import { createOutputParser } from './output/output-parser.ts'
import type { OutputParser } from './output/output-parser.ts'
import { createStopMatcher } from './stop-matcher.ts'
import type { StopMatcher } from './stop-matcher.ts'
import type { SamplerConfig } from './binding.ts'
import { createTextDecoder } from './text-decoder.ts'
import type { TextDecoder } from './text-decoder.ts'
import type { PromptMap } from './prompt-map.ts'

/** What one answer is made from. */
export interface Job {
  readonly id: number
  readonly tokens: Uint32Array
  readonly map: PromptMap
  readonly sampler: SamplerConfig
  readonly isReproducible: boolean
  readonly stopSequences: readonly string[]
  readonly maxTokens: number | undefined
  readonly output: OutputPlan
}

/** How an answer is told apart, and how long its parts may be. */
export interface OutputPlan {
  readonly format: OutputFormat
  /** The family's control tokens that are part of its format. */
  readonly markers: ReadonlyMap<number, string>
  readonly tools: ToolSchemas
  readonly begins?: 'thinking' | 'text'
  /** After how many tokens of reasoning which tokens end it. */
  readonly thinkingLimit?: { readonly tokens: number; readonly ending: readonly number[] }
  readonly maxCalls?: number
}

/* Enough of the prompt for the first token's spelling to be right. */
const contextForSpelling = 4

/** One answer being written: from tokens drawn to what they say and a reason to stop. */
export class Generation {
  readonly job: Job
  readonly #model: LanguageModel
  readonly #sampler: Sampler
  readonly #decoder: TextDecoder
  readonly #parser: OutputParser
  readonly #matcher: StopMatcher
  /** Tokens that come next without being drawn. */
  readonly #imposed: number[] = []
  #outputTokens = 0
  #thinkingTokens = 0
  #calls = 0

  constructor(model: LanguageModel, job: Job) {
    this.job = job
    this.#model = model
    this.#sampler = model.createSampler(job.sampler)
    const { format, tools, begins, markers } = job.output
    this.#decoder = createTextDecoder({
      detokenize: tokens => model.detokenize(tokens),
      before: Array.from(job.tokens.slice(-contextForSpelling)),
      markers,
    })
    this.#parser = createOutputParser(format, { tools, ...(begins && { begins }) })
    this.#matcher = createStopMatcher(job.stopSequences)
  }

  /** Whether the prompt is only to be read. */
  get writesNothing(): boolean {
    return this.job.maxTokens === 0
  }

  async sample(logits: number): Promise<number> {
    return this.#imposed.shift() ?? this.#sampler.sample(logits)
  }

  /** Takes a drawn token; gives what it says, with `ended` last where it is the last one. */
  take(token: number): readonly GenerationEvent[] {
    this.#outputTokens += 1
    if (this.#parser.place === 'thinking') this.#countThinking()
    if (this.#model.endsGeneration(token)) return this.#finish('end-turn')
    const { events, end } = this.#tell(this.#parser.push(this.#decoder.push(token)))
    if (end) return [...events, this.#ended(end)]
    if (this.#outputTokens === this.job.maxTokens) return [...events, ...this.#finish('max-tokens')]
    const isFull = this.job.tokens.length + this.#outputTokens >= this.#model.contextTokens
    return isFull ? [...events, ...this.#finish('context-window')] : events
  }

  /** Ends an answer that has nothing to write. */
  finishUnwritten(): readonly GenerationEvent[] {
    return [this.#ended({ reason: 'max-tokens' })]
  }

  dispose(): void {
    this.#sampler.dispose()
  }

  #countThinking(): void {
    this.#thinkingTokens += 1
    const limit = this.job.output.thinkingLimit
    if (limit && this.#thinkingTokens === limit.tokens) this.#imposed.push(...limit.ending)
  }

  #finish(reason: StopReason): readonly GenerationEvent[] {
    const isMeant = reason === 'end-turn'
    const rest = [...this.#parser.push(this.#decoder.end()), ...this.#parser.end(isMeant)]
    const { events, end } = this.#tell(rest)
    if (end) return [...events, this.#ended(end)]
    return [...events, ...this.#showText(this.#matcher.end()), this.#ended({ reason })]
  }

  /** Puts what was said into events, up to a stop sequence or the last call that is allowed. */
  #tell(said: readonly OutputEvent[]): Told {
    const { id } = this.job
    const events: GenerationEvent[] = []
    for (const event of said) {
      if (event.type === 'text') {
        const { text, sequence } = this.#matcher.push(event.text)
        events.push(...this.#showText(text))
        if (sequence !== undefined) return { events, end: { reason: 'stop-sequence', sequence } }
        continue
      }
      // A stop sequence does not reach from one stretch of text into the next.
      events.push(...this.#showText(this.#matcher.end()), { ...event, id })
      if (event.type !== 'call-end') continue
      this.#calls += 1
      if (this.#calls === this.job.output.maxCalls) return { events, end: { reason: 'tool-use' } }
    }
    return { events }
  }

  #showText(text: string): GenerationEvent[] {
    return text === '' ? [] : [{ type: 'text', id: this.job.id, text }]
  }

  #ended({ reason, sequence }: End): GenerationEvent {
    // A client acts on calls only where they are the reason to stop.
    const isForCalls = this.#calls > 0 && (reason === 'end-turn' || reason === 'stop-sequence')
    return {
      type: 'ended',
      id: this.job.id,
      reason: isForCalls ? 'tool-use' : reason,
      outputTokens: this.#outputTokens,
      thinkingTokens: this.#thinkingTokens,
      ...(sequence !== undefined && !isForCalls && { sequence }),
    }
  }
}

interface End {
  readonly reason: StopReason
  readonly sequence?: string
}

interface Told {
  readonly events: readonly GenerationEvent[]
  readonly end?: End
}
