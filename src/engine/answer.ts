import type { OutputBlock } from '../core/content.ts'
import type { ModelEvent } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { Usage } from '../core/usage.ts'
import type { GenerationEvent } from './messages.ts'
import { localOrigin, signThinking } from './signature.ts'

/** Who answers, as the answer's first event says it. */
export interface AnswerHead {
  readonly id: string
  readonly model: string
  readonly losses: readonly Loss[]
  readonly uniqueId: () => string
  /** Whether the client wants to know that the model reasoned, but not what. */
  readonly hidesThinking: boolean
}

/** Tells what happened to a generation as an answer, a block for each stretch of text, reasoning and call. */
export async function* toAnswer(
  happenings: AsyncIterable<GenerationEvent>,
  head: AnswerHead,
): AsyncGenerator<ModelEvent> {
  const blocks = new Blocks(head)
  let { losses } = head
  for await (const happening of happenings) {
    switch (happening.type) {
      case 'planned':
        losses = [...losses, ...happening.losses]
        break
      case 'held':
        break
      case 'started':
        yield toStart(happening, { ...head, losses })
        break
      case 'text':
        yield* blocks.text(happening)
        break
      case 'thinking':
        yield* blocks.thinking(happening.text)
        break
      case 'call-start':
        yield* blocks.open({ type: 'tool-call', id: `toolu_${head.uniqueId()}`, name: happening.name })
        break
      case 'call-arguments':
        yield blocks.inputDelta(happening.json)
        break
      case 'call-end':
        yield* blocks.close()
        break
      case 'ended':
        yield* blocks.close()
        yield toEnd(happening)
        break
      case 'failed':
        // A host throws what failed; it never says it.
        throw new Error(`a failure reached the answer: ${happening.failure.message}`)
    }
  }
}

/** Opens and closes blocks, one at a time. */
class Blocks {
  readonly #head: AnswerHead
  #index = -1
  #open: OutputBlock['type'] | undefined
  #thought: string[] = []

  constructor(head: AnswerHead) {
    this.#head = head
  }

  *text({ text, logprobs }: Happening<'text'>): Generator<ModelEvent> {
    if (this.#open !== 'text') yield* this.open({ type: 'text' })
    yield { type: 'text-delta', index: this.#index, text, ...(logprobs && { logprobs }) }
  }

  *thinking(text: string): Generator<ModelEvent> {
    if (this.#open !== 'thinking') yield* this.open({ type: 'thinking', origin: localOrigin })
    if (this.#head.hidesThinking) return
    this.#thought.push(text)
    yield { type: 'thinking-delta', index: this.#index, text }
  }

  inputDelta(json: string): ModelEvent {
    return { type: 'input-delta', index: this.#index, json }
  }

  *open(block: OutputBlock): Generator<ModelEvent> {
    yield* this.close()
    this.#index += 1
    this.#open = block.type
    yield { type: 'block-start', index: this.#index, block }
  }

  *close(): Generator<ModelEvent> {
    if (this.#open === undefined) return
    if (this.#open === 'thinking') yield this.#signature()
    this.#open = undefined
    yield { type: 'block-end', index: this.#index }
  }

  #signature(): ModelEvent {
    const signature = signThinking(this.#thought.splice(0).join(''))
    return { type: 'signature', index: this.#index, signature }
  }
}

type Happening<T extends GenerationEvent['type']> = Extract<GenerationEvent, { type: T }>

function toStart(happening: Happening<'started'>, { id, model, losses }: AnswerHead): ModelEvent {
  const cache = happening.report
  return { type: 'start', id, model, usage: toUsage(happening), cache, ...(losses.length > 0 && { losses }) }
}

function toUsage({ report, written }: Happening<'started'>): Usage {
  return {
    inputTokens: report.promptTokens,
    cacheReadTokens: report.reusedTokens,
    ...(written && { cacheWriteTokens: written.tokens, cacheWriteHourTokens: written.hourTokens }),
  }
}

function toEnd({ reason, sequence, outputTokens, thinkingTokens, losses }: Happening<'ended'>): ModelEvent {
  return {
    type: 'end',
    stop: { reason, ...(sequence !== undefined && { sequence }) },
    usage: { outputTokens, ...(thinkingTokens > 0 && { thinkingTokens }) },
    ...(losses && { losses }),
  }
}
