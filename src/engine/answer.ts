import type { ModelEvent } from '../core/events.ts'
import type { Loss } from '../core/loss.ts'
import type { GenerationEvent } from './messages.ts'

/** Who answers, as the answer's first event says it. */
export interface AnswerHead {
  readonly id: string
  readonly model: string
  readonly losses: readonly Loss[]
}

/** Tells what happened to a generation as an answer: one text block, opened by the first text. */
export async function* toAnswer(
  happenings: AsyncIterable<GenerationEvent>,
  { id, model, losses }: AnswerHead,
): AsyncGenerator<ModelEvent> {
  let isOpen = false
  for await (const happening of happenings) {
    switch (happening.type) {
      case 'started': {
        const usage = { inputTokens: happening.inputTokens, cacheReadTokens: happening.cachedTokens }
        yield { type: 'start', id, model, usage, ...(losses.length > 0 && { losses }) }
        break
      }
      case 'text':
        if (!isOpen) yield { type: 'block-start', index: 0, block: { type: 'text' } }
        isOpen = true
        yield { type: 'text-delta', index: 0, text: happening.text }
        break
      case 'ended': {
        if (isOpen) yield { type: 'block-end', index: 0 }
        const { reason, sequence, outputTokens } = happening
        yield { type: 'end', stop: { reason, ...(sequence !== undefined && { sequence }) }, usage: { outputTokens } }
        break
      }
      case 'failed':
        // A host throws what failed; it never says it.
        throw new Error(`a failure reached the answer: ${happening.failure.message}`)
    }
  }
}
