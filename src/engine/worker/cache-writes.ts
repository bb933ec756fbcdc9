import type { CacheWrites } from '../messages.ts'
import { oneHourMs } from '../prompt-parts.ts'
import type { PromptMap } from './prompt-map.ts'

/** What a prompt's breakpoints cost: the tokens up to them that were not there before. Undefined where it has none. */
export function writesOf({ marks }: PromptMap, reused: number): CacheWrites | undefined {
  if (marks.length === 0) return undefined
  const upTo = (leastMs: number): number =>
    Math.max(reused, ...marks.filter(({ keepForMs }) => keepForMs >= leastMs).map(({ tokens }) => tokens)) - reused
  return { tokens: upTo(0), hourTokens: upTo(oneHourMs) }
}
