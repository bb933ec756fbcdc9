import type { Archived } from './archive-folder.ts'
import { pinnedTokens } from './lane.ts'

/** What decides how much a conversation would be missed. */
export type Missed = Pick<Archived, 'pins' | 'lastUsedMs'>

/** Orders conversations: what was not used for longest comes first, and what is pinned last. */
export function byMissed(nowMs: number): (a: Missed, b: Missed) => number {
  const isPinned = ({ pins }: Missed): number => Number(pinnedTokens(pins, nowMs) > 0)
  return (a, b) => isPinned(a) - isPinned(b) || a.lastUsedMs - b.lastUsedMs
}

/** Notes that a conversation was used. What was promised stays promised. */
export function noteUse(entry: Archived, { pins, lastUsedMs }: Missed): void {
  entry.lastUsedMs = lastUsedMs
  if (pins.length > 0) entry.pins = pins
}
