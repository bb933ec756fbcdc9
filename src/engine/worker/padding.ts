import type { Lane } from './lane.ts'
import type { BatchEntry, ModelSlots } from './model-slots.ts'

type Room = Pick<ModelSlots, 'canForget' | 'contextTokens' | 'batchTokens'>

/**
 * Makes one throw-away token for each slot between those that write: a gap in the slot order would cut the native batch
 * into several passes. Pieces of prompts take passes of their own anyway.
 */
export function padGaps(
  writing: readonly BatchEntry[],
  lanes: readonly Lane[],
  { canForget, contextTokens, batchTokens }: Room,
): readonly BatchEntry[] {
  // What was added cannot be taken away again.
  if (!canForget) return []
  return findGaps(writing.map(({ slot }) => slot))
    .map(slot => ({ slot, position: lanes[slot]?.tokens.length ?? 0, tokens: Uint32Array.of(0), samples: false }))
    .filter(({ position }) => position < contextTokens)
    .slice(0, batchTokens - writing.length)
}

/** The idle slots between the working ones. */
function findGaps(slots: readonly number[]): readonly number[] {
  const used = new Set(slots)
  const [first, last] = [Math.min(...slots), Math.max(...slots)]
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset).filter(slot => !used.has(slot))
}
