/** A prompt that is given to a model as it is, without a chat template. */
export interface RawPrompt {
  /** Text in which control tokens may be spelled out, or the ids of tokens. */
  readonly raw: string | readonly number[]
  /** What comes after the answer; the model fills in what is between. */
  readonly suffix?: string
  /** Whether the answer begins with the prompt. */
  readonly isEchoed: boolean
}
