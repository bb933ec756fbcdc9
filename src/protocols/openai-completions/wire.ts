import type { CompletionUsage } from '../openai-usage.ts'

/** An answer to a request for completions, or a piece of one. */
export type TextCompletion = {
  readonly id: string
  readonly object: 'text_completion'
  readonly created: number
  readonly model: string
  readonly choices: readonly TextChoice[]
  readonly usage?: CompletionUsage
}

export type TextChoice = {
  readonly text: string
  readonly index: number
  readonly logprobs: TextLogprobs | null
  readonly finish_reason: 'stop' | 'length' | 'content_filter' | null
  /** Which stop sequence matched, in the word that vLLM uses; not OpenAI's. Absent where none did. */
  readonly stop_reason?: string
}

/** Lists of one length, with an entry for each token. Nothing is known of a token that comes first. */
export type TextLogprobs = {
  readonly tokens: readonly string[]
  readonly token_logprobs: readonly (number | null)[]
  readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[]
  /** Where in the choice's text each token begins, in characters of Unicode. */
  readonly text_offset: readonly number[]
}
