import type { JsonObject } from '../core/json.ts'
import type { Usage } from '../core/usage.ts'
import { countIn, defined, objectIn } from './json.ts'

/** What an answer cost, as OpenAI counts it. */
export type CompletionUsage = {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number }
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number }
}

/**
 * Says what an answer cost. OpenAI's clients demand both totals, so where one is unknown nothing is said;
 * a part that is unknown is left out.
 */
export function encodeUsage(usage: Usage): CompletionUsage | undefined {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, thinkingTokens } = usage
  if (inputTokens === undefined || outputTokens === undefined) return undefined
  const prompt = defined({ cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens })
  const completion = defined({ reasoning_tokens: thinkingTokens })
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(Object.keys(prompt).length > 0 && { prompt_tokens_details: prompt }),
    ...(thinkingTokens !== undefined && { completion_tokens_details: completion }),
  }
}

/**
 * Reads what an upstream counted, field by field: what is missing or no count stays unknown.
 * DeepSeek and Moonshot name what was cached in words of their own. Google and xAI leave reasoning out of
 * `completion_tokens` and tell of it only in the total; here it is a part of the output for all.
 */
export function decodeUsage(usage: JsonObject): Usage {
  const prompt = objectIn(usage['prompt_tokens_details'])
  const completion = objectIn(usage['completion_tokens_details'])
  const unsaid = unsaidTokens(usage)
  const output = countIn(usage['completion_tokens'])
  return defined({
    inputTokens: countIn(usage['prompt_tokens']),
    cacheReadTokens:
      countIn(prompt?.['cached_tokens']) ??
      countIn(usage['prompt_cache_hit_tokens']) ??
      countIn(usage['cached_tokens']),
    cacheWriteTokens: countIn(prompt?.['cache_write_tokens']),
    outputTokens: output === undefined ? undefined : output + unsaid,
    thinkingTokens: countIn(completion?.['reasoning_tokens']) ?? (unsaid > 0 ? unsaid : undefined),
  })
}

/** Counts the tokens that stand in the total alone. */
function unsaidTokens(usage: JsonObject): number {
  const total = countIn(usage['total_tokens'])
  const prompt = countIn(usage['prompt_tokens'])
  const completion = countIn(usage['completion_tokens'])
  if (total === undefined || prompt === undefined || completion === undefined) return 0
  return Math.max(0, total - prompt - completion)
}
