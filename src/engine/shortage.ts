import type { Room } from './memory-budget.ts'

/** What a model lacks that is not loaded. */
export interface Shortage {
  /** What it takes at least. */
  readonly neededBytes: number
  /** What it could have now. */
  readonly freeBytes: number
}

/** Gives what a model takes at least, in the room there is. */
export type Weight = (room: Room) => number

export interface ShortageOptions {
  /** Reads what a model takes from its file. Throws where that cannot be told. */
  readonly weigh: (model: string) => Promise<Weight>
  readonly room: (model: string) => Room
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
}

/* A file may be replaced, and the owner may change how a model is run. */
const freshMs = 60_000

/**
 * Tells whether a model that is not loaded would have to wait for memory. Nothing is told of one whose file was not
 * read yet: to ask has it read.
 */
export function createShortages({ weigh, room, now }: ShortageOptions): (model: string) => Shortage | undefined {
  const weights = new Map<string, { weight?: Weight; readonly at: number }>()
  const learn = async (model: string): Promise<void> => {
    const before = weights.get(model)?.weight
    const entry: { weight?: Weight; readonly at: number } = { ...(before && { weight: before }), at: now() }
    weights.set(model, entry)
    try {
      entry.weight = await weigh(model)
    } catch {
      // Whoever has it loaded is told what is wrong with it.
      delete entry.weight
    }
  }
  return model => {
    const known = weights.get(model)
    if (known === undefined || now() - known.at > freshMs) void learn(model)
    if (!known?.weight) return undefined
    const there = room(model)
    const neededBytes = known.weight(there)
    const freeBytes = Math.max(0, there.reclaimableBytes)
    return neededBytes > freeBytes ? { neededBytes, freeBytes } : undefined
  }
}
