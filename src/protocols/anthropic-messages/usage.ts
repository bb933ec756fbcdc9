import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { countIn, defined, objectIn } from '../json.ts'
import type { WireDeltaUsage, WireUsage } from './wire.ts'

/* The wire counts a prompt in three parts, new, read from the cache and written to it; the core counts it whole. */

/** States the counts of a whole message, or of one that begins. The wire has no word for a number unknown but zero. */
export function encodeUsage(usage: Usage): WireUsage {
  return {
    input_tokens: freshTokens(usage) ?? 0,
    cache_creation_input_tokens: usage.cacheWriteTokens ?? null,
    cache_read_input_tokens: usage.cacheReadTokens ?? null,
    cache_creation: cacheCreation(usage) ?? null,
    output_tokens: usage.outputTokens ?? 0,
    output_tokens_details: thinkingDetails(usage),
    server_tool_use: null,
    service_tier: null,
    inference_geo: null,
    speed: null,
  }
}

/** States the counts at the end of a stream: all that is known, so that no earlier number is overwritten by less. */
export function encodeDeltaUsage(usage: Usage): WireDeltaUsage {
  const creation = cacheCreation(usage)
  return {
    input_tokens: freshTokens(usage) ?? null,
    cache_creation_input_tokens: usage.cacheWriteTokens ?? null,
    cache_read_input_tokens: usage.cacheReadTokens ?? null,
    ...(creation && { cache_creation: creation }),
    output_tokens: usage.outputTokens ?? 0,
    output_tokens_details: thinkingDetails(usage),
    server_tool_use: null,
  }
}

function freshTokens({ inputTokens, cacheReadTokens = 0, cacheWriteTokens = 0 }: Usage): number | undefined {
  return inputTokens === undefined ? undefined : Math.max(0, inputTokens - cacheReadTokens - cacheWriteTokens)
}

function cacheCreation({ cacheWriteTokens = 0, cacheWriteHourTokens }: Usage): WireUsage['cache_creation'] | undefined {
  if (cacheWriteHourTokens === undefined) return undefined
  return {
    ephemeral_5m_input_tokens: Math.max(0, cacheWriteTokens - cacheWriteHourTokens),
    ephemeral_1h_input_tokens: cacheWriteHourTokens,
  }
}

function thinkingDetails({ thinkingTokens }: Usage): WireUsage['output_tokens_details'] {
  return thinkingTokens === undefined ? null : { thinking_tokens: thinkingTokens }
}

/** Reads counts. A prompt of no tokens is an unknown one: there is no empty prompt. */
export function decodeUsage(wire: JsonObject): Usage {
  const read = countIn(wire['cache_read_input_tokens'])
  const written = countIn(wire['cache_creation_input_tokens'])
  const whole = (countIn(wire['input_tokens']) ?? 0) + (read ?? 0) + (written ?? 0)
  return defined({
    inputTokens: whole === 0 ? undefined : whole,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    cacheWriteHourTokens: countIn(objectIn(wire['cache_creation'])?.['ephemeral_1h_input_tokens']),
    outputTokens: countIn(wire['output_tokens']),
    thinkingTokens: countIn(objectIn(wire['output_tokens_details'])?.['thinking_tokens']),
  })
}

/** Reads the counts of a message that begins, where no output yet is no count yet. */
export function decodeStartUsage(wire: JsonObject): Usage {
  return decodeUsage(wire['output_tokens'] === 0 ? { ...wire, output_tokens: null } : wire)
}

/** Lays later values over earlier ones. A null says nothing. */
export function mergeKnown(earlier: JsonObject, later: JsonObject): JsonObject {
  const merged = { ...earlier }
  for (const [field, value] of Object.entries(later)) {
    if (value !== null) merged[field] = value
  }
  return merged
}
