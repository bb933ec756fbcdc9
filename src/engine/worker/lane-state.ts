import { isPinned } from './lane.ts'
import type { Lane } from './lane.ts'
import { commonPrefix } from './slots.ts'
import type { SlotState } from './state-writer.ts'

/* A conversation that is shorter is evaluated again sooner than it is written away. */
const worthArchiving = 256

/* Of one that its client wants to be kept, less is enough. */
const pinnedWorthArchiving = 64

/** How many tokens must be at stake for a lane to be written away. */
export function leastAtStake(lane: Lane, nowMs: number): number {
  return isPinned(lane, nowMs) ? pinnedWorthArchiving : worthArchiving
}

/** Whether another lane holds all that this one does. */
export function isElsewhere(lane: Lane, lanes: readonly Lane[]): boolean {
  return lanes.some(other => other !== lane && commonPrefix(other.tokens, lane.tokens) === lane.tokens.length)
}

/** Gives what a lane holds, as it is written away. */
export function toState(lane: Lane, nowMs: number): SlotState {
  const { id: slot, tokens, bulkTokens, pins, lastUsedMs } = lane
  return {
    slot,
    tokens: Uint32Array.from(tokens),
    bulkTokens,
    pins: isPinned(lane, nowMs) ? pins : [],
    lastUsedMs,
  }
}
