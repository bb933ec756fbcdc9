import type { ModelRequest } from '../../core/request.ts'
import type { Field } from '../json.ts'
import { maxTokenCount } from '../openai-sampling.ts'

/** Reads the limit under its present name or, where that is absent, under its old one. */
export function decodeMaxTokens(root: Field): number | undefined {
  const limit = (name: string) => root.at(name).maybe(field => field.integer({ min: 1, max: maxTokenCount }))
  const current = limit('max_completion_tokens')
  const old = limit('max_tokens')
  return current ?? old
}

/** Gives zero where only the chosen tokens' own log-probabilities are asked for. */
export function decodeTopLogprobs(root: Field): ModelRequest['topLogprobs'] {
  const top = root.at('top_logprobs')
  const count = top.maybe(field => field.integer({ min: 0, max: 20 }))
  if (root.at('logprobs').maybe(field => field.boolean()) === true) return count ?? 0
  // Zero asks for nothing, so it needs no leave.
  if (count !== undefined && count > 0) top.fail('needs `logprobs` to be true')
  return undefined
}
