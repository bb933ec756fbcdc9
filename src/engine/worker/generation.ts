import type { Priority } from '../../core/request.ts'
import type { StopReason } from '../../core/stop.ts'
import type { GenerationEvent } from '../messages.ts'
import { CheckedOutput } from './checked-output.ts'
import type { Constraint } from './constraint.ts'
import type { LanguageModel, Sampler } from './language-model.ts'
import type { ToolSchemas, OutputEvent } from './output/output-event.ts'
import type { OutputFormat } from './output/output-format.ts'
import type { Place } from './output/character-parser.ts'
import { createOutputParser } from './output/output-parser.ts'
import type { OutputParser } from './output/output-parser.ts'
import { createStopMatcher } from './stop-matcher.ts'
import type { StopMatcher } from './stop-matcher.ts'
import type { TokenMeter } from './token-meter.ts'
import { createTokenTrace } from './token-trace.ts'
import type { TokenTrace } from './token-trace.ts'
import type { SamplerConfig } from './binding.ts'
import { createTextDecoder } from './text-decoder.ts'
import type { TextDecoder } from './text-decoder.ts'
import type { PromptMap } from './prompt-map.ts'
import { createPromptEcho } from './prompt-echo.ts'
import type { EchoedPrompt, PromptEcho } from './prompt-echo.ts'

/** What one answer is made from. */
export interface Job {
  readonly id: number
  readonly priority: Priority
  readonly sender: string
  readonly tokens: Uint32Array
  readonly map: PromptMap
  readonly sampler: SamplerConfig
  readonly isReproducible: boolean
  readonly stopSequences: readonly string[]
  readonly maxTokens: number | undefined
  readonly topLogprobs: number | undefined
  readonly output: OutputPlan
  /** What the answer begins with, where it repeats the prompt. */
  readonly echo?: EchoedPrompt
}

/** Whether each token of a prompt is to be measured, which takes reading it anew. */
export function measuresPrompt({ echo, topLogprobs }: Pick<Job, 'echo' | 'topLogprobs'>): boolean {
  return echo !== undefined && topLogprobs !== undefined
}

/** How an answer is told apart, and how long its parts may be. */
export interface OutputPlan {
  readonly format: OutputFormat
  /** The family's control tokens that are part of its format. */
  readonly markers: ReadonlyMap<number, string>
  readonly tools: ToolSchemas
  readonly begins?: 'thinking' | 'text'
  /** Whether the answer is calls and nothing else. */
  readonly mustCall: boolean
  /** After how many tokens of reasoning which tokens end it. */
  readonly thinkingLimit?: number
  /** The tokens that end reasoning. */
  readonly thinkingEnd: readonly number[]
  readonly maxCalls?: number
  readonly constraint: Constraint
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
  readonly #checked: CheckedOutput
  readonly #matcher: StopMatcher
  readonly #meter: TokenMeter | undefined
  readonly #tokens: TokenTrace = createTokenTrace()
  readonly #echo: PromptEcho | undefined
  /** Tokens that come next without being drawn. */
  readonly #imposed: number[] = []
  #outputTokens = 0
  #thinkingTokens = 0
  #calls = 0

  constructor(model: LanguageModel, job: Job) {
    this.job = job
    this.#model = model
    this.#sampler = model.createSampler(job.sampler)
    const { format, tools, begins, mustCall, markers, constraint } = job.output
    this.#decoder = createTextDecoder({
      detokenize: tokens => model.detokenize(tokens),
      before: Array.from(job.tokens.slice(-contextForSpelling)),
      markers,
    })
    this.#parser = createOutputParser(format, { tools, mustCall, ...(begins && { begins }) })
    // What is measured is shown as it was drawn.
    this.#checked = new CheckedOutput(constraint.checks, { holdsText: job.topLogprobs === undefined })
    this.#matcher = createStopMatcher(job.stopSequences)
    if (job.topLogprobs !== undefined) this.#meter = model.createMeter(job.topLogprobs)
    if (job.echo && this.#meter) {
      const spell = (some: Uint32Array): string => model.spellPrompt(some)
      this.#echo = createPromptEcho(job.echo, { tokens: job.tokens, meter: this.#meter, spell })
    }
    if (this.#parser.place !== 'thinking') this.#holdAnswer()
  }

  /** Whether the prompt is only to be read. */
  get writesNothing(): boolean {
    return this.job.maxTokens === 0
  }

  /** Gives what is said before the prompt is read. */
  begin(): readonly GenerationEvent[] {
    const { id, echo } = this.job
    return echo && !this.#echo && echo.text !== '' ? [{ type: 'text', id, text: echo.text }] : []
  }

  /** Takes the logits of the prompt's next tokens, where they are measured; gives what these say. */
  async measure(logits: readonly number[]): Promise<readonly GenerationEvent[]> {
    const pieces = (await this.#echo?.measure(logits)) ?? []
    return pieces.map(piece => ({ type: 'text', id: this.job.id, ...piece }))
  }

  async sample(logits: number): Promise<number> {
    const token = await this.#draw(logits)
    if (this.#meter) this.#tokens.draw(await this.#meter.measure(logits, token))
    return token
  }

  async #draw(logits: number): Promise<number> {
    const imposed = this.#imposed.shift()
    if (imposed !== undefined) return imposed
    const token = await this.#sampler.sample(logits)
    // An answer that must have a shape does not end in its reasoning.
    const endsTooEarly = this.#awaitsAnswer && this.#model.endsGeneration(token)
    return endsTooEarly ? this.#endThinking(token) : token
  }

  /** Takes a drawn token; gives what it says, with `ended` last where it is the last one. */
  take(token: number): readonly GenerationEvent[] {
    this.#outputTokens += 1
    if (this.#parser.place === 'thinking') this.#countThinking()
    if (this.#model.endsGeneration(token)) return this.#finish('end-turn')
    const { events, end } = this.#tell(this.#checked.pass(this.#hear(this.#decoder.push(token))))
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
    this.#meter?.dispose()
  }

  #countThinking(): void {
    this.#thinkingTokens += 1
    const { thinkingLimit, thinkingEnd } = this.job.output
    if (this.#thinkingTokens === thinkingLimit) this.#imposed.push(...thinkingEnd)
  }

  get #awaitsAnswer(): boolean {
    return this.#parser.place === 'thinking' && this.job.output.constraint.answer !== undefined
  }

  #endThinking(token: number): number {
    const [first = token, ...rest] = this.job.output.thinkingEnd
    this.#imposed.push(...rest)
    return first
  }

  #holdAnswer(): void {
    const { answer } = this.job.output.constraint
    if (answer) this.#sampler.follow(answer)
  }

  /** Tells apart what a token says, and holds what follows it to the request's terms. */
  #hear(text: string): readonly OutputEvent[] {
    const { constraint } = this.job.output
    const { place } = this.#parser
    const events = this.#parser.push(text)
    this.#trace(text, place)
    if (place === 'thinking' && this.#parser.place !== 'thinking') this.#holdAnswer()
    if (!constraint.call || this.#parser.place === place) return events
    if (place === 'call') this.#sampler.follow(undefined)
    else if (this.#parser.opened) this.#sampler.follow(constraint.call(this.#parser.opened.name))
    return events
  }

  /** Keeps tokens that may yet be shown. */
  #trace(text: string, before: Place): void {
    const { place, shownFrom } = this.#parser
    if (shownFrom === undefined) this.#tokens.read(text, { mayBeShown: place !== 'thinking' || before !== 'thinking' })
    else this.#tokens.restart(text.slice(shownFrom))
  }

  #finish(reason: StopReason): readonly GenerationEvent[] {
    const isMeant = reason === 'end-turn'
    const left = this.#decoder.end()
    const rest = [...this.#parser.push(left), ...this.#parser.end(isMeant)]
    this.#trace(left, this.#parser.place)
    const { events, end } = this.#tell(this.#checked.end(rest, !isMeant))
    // A call that was cut off is no reason to stop; the limit is.
    if (end && (isMeant || end.reason === 'stop-sequence')) return [...events, this.#ended(end)]
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
    if (text === '') return []
    return [{ type: 'text', id: this.job.id, text, ...(this.#meter && { logprobs: this.#tokens.show(text) }) }]
  }

  #ended({ reason, sequence }: End): GenerationEvent {
    // A client acts on calls only where they are the reason to stop.
    const { losses } = this.#checked
    const isForCalls = this.#calls > 0 && (reason === 'end-turn' || reason === 'stop-sequence')
    return {
      type: 'ended',
      id: this.job.id,
      reason: isForCalls ? 'tool-use' : reason,
      outputTokens: this.#outputTokens,
      thinkingTokens: this.#thinkingTokens,
      ...(sequence !== undefined && !isForCalls && { sequence }),
      ...(losses.length > 0 && { losses }),
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
