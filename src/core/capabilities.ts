/** What a model can do. An absent claim is unknown, which is not false. */
export interface Capabilities {
  /** Tokens of prompt and answer together. */
  readonly contextTokens?: number
  readonly maxOutputTokens?: number
  readonly tools?: boolean
  readonly vision?: boolean
  readonly documents?: boolean
  readonly thinking?: boolean
  readonly structuredOutput?: boolean
  readonly embeddings?: boolean
  readonly rerank?: boolean
}
