import type { Archived } from './archive-folder.ts'
import type { Arrival } from './slots.ts'
import type { SaveTerms, SlotState } from './state-writer.ts'

export type { Archived } from './archive-folder.ts'

/**
 * Conversations that made way, written away: to memory where that holds them, or else to disk. Each place has a budget;
 * what was not used for longest leaves first, and what is pinned leaves last. Nothing that fails here is worse than
 * evaluating again.
 */
export interface Archive {
  entries(): readonly Archived[]
  /** The tokens of conversations that could not be kept, latest last. */
  gone(): readonly Uint32Array[]
  /** Gives the entry that stands for most of a prompt. */
  find(arrival: Arrival): { readonly entry: Archived; readonly keep: number } | undefined
  /** Whether any beginning of an entry can be gone on from, and not only its end. */
  isWhole(entry: Archived): boolean
  /** Whether a place may hold a conversation of so many tokens at this moment. */
  canHold(tokens: number): boolean
  /** How many of a conversation's first tokens an entry stands for. */
  kept(tokens: ArrayLike<number>): number
  /** Notes that what a slot went on from was used when the slot was. */
  renew(state: Pick<SlotState, 'tokens' | 'pins' | 'lastUsedMs'>): void
  /** Writes away what a slot holds, unless little of it is not kept yet, or that takes longer than it is worth. */
  save(state: SlotState, terms: KeepTerms): Promise<void>
  /**
   * Brings an entry back into a slot; false where that failed: its file was not what was written, and is gone now, or
   * its place cannot be read at this moment, or not within so many milliseconds.
   */
  restore(entry: Archived, to: { readonly slot: number; readonly withinMs: number }): Promise<boolean>
  /** Moves to disk what is in memory, where there is a disk, and waits for what is under way. */
  close(): Promise<void>
}

/** What keeping may cost, and what for. */
export interface KeepTerms extends SaveTerms {
  /** How many tokens that are not kept yet are worth a file. */
  readonly leastTokens: number
  /** Whether a slot goes on holding it, so that nothing that was used later, or is pinned, makes way for it. */
  readonly isSpare?: boolean
}
