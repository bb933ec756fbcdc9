import type { ModelEvent } from './events.ts'
import type { ModelRequest } from './request.ts'

/** What a client asks of a model in raw text: no template is put around it. */
export interface CompletionRequest extends Pick<
  ModelRequest,
  'model' | 'sampling' | 'maxTokens' | 'stopSequences' | 'topLogprobs' | 'userId' | 'priority' | 'sender'
> {
  /** Text in which control tokens may be spelled out, or the ids of the model's own tokens. */
  readonly prompt: string | readonly number[]
  /** What comes after the answer, for a model that fills in the middle. */
  readonly suffix?: string
  /**
   * Whether the answer begins with the prompt. Where log-probabilities are asked for, those of the prompt's tokens come
   * with it; the first one says zero, since nothing comes before it.
   */
  readonly echoesPrompt?: boolean
}

/** A step of the answer to one of several prompts. */
export interface ChoiceEvent {
  /** The prompt's place among them. */
  readonly choice: number
  readonly event: ModelEvent
}

/** Answers to several prompts, side by side: each is a whole `ModelStream`. */
export type ChoiceStream = AsyncIterable<ChoiceEvent>
