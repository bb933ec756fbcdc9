import type { Archived } from './archive-folder.ts'
import { isPinned } from './lane.ts'

/** What decides how much a conversation would be missed. */
export type Missed = Pick<Archived, 'pins' | 'lastUsedMs'>

/** Orders conversations: what was not used for longest comes first, and what is pinned last. */
export function byMissed(nowMs: number): (a: Missed, b: Missed) => number {
  return (a, b) => Number(isPinned(a, nowMs)) - Number(isPinned(b, nowMs)) || a.lastUsedMs - b.lastUsedMs
}

/** Notes that a conversation was used. What was promised stays promised. */
export function noteUse(entry: Archived, { pins, lastUsedMs }: Missed): void {
  entry.lastUsedMs = lastUsedMs
  if (pins.length > 0) entry.pins = pins
}
