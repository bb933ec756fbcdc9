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
