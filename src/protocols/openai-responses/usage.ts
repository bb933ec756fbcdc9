import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { countIn, defined, objectIn } from '../json.ts'

/**
 * Reads what an upstream counted, field by field: what is missing or no count stays unknown.
 * The wire counts as the core does: what was cached is a part of the input, and reasoning a part of the output.
 */
export function decodeUsage(usage: JsonObject): Usage {
  const input = objectIn(usage['input_tokens_details'])
  const output = objectIn(usage['output_tokens_details'])
  return defined({
    inputTokens: countIn(usage['input_tokens']),
    cacheReadTokens: countIn(input?.['cached_tokens']),
    cacheWriteTokens: countIn(input?.['cache_write_tokens']),
    outputTokens: countIn(usage['output_tokens']),
    thinkingTokens: countIn(output?.['reasoning_tokens']),
  })
}

/**
 * Says what an answer cost, where both totals are known. Clients demand the parts as well, so that one which is unknown
 * is told as none.
 */
export function encodeUsage(usage: Usage): JsonObject | null {
  const { inputTokens, outputTokens, cacheReadTokens = 0, cacheWriteTokens = 0, thinkingTokens = 0 } = usage
  if (inputTokens === undefined || outputTokens === undefined) return null
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: thinkingTokens },
    total_tokens: inputTokens + outputTokens,
  }
}
