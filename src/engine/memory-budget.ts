/** What one model takes of the memory for all models. */
export interface Holding {
  readonly model: string
  readonly bytes: number
  /** What it takes of a graphics processor's own memory; nothing by default. */
  readonly graphicsBytes?: number
  /** `loading` has not taken all of it yet, `idle` can be unloaded, `ending` gives it back once its answers are over. */
  readonly state: 'loading' | 'busy' | 'idle' | 'pinned' | 'ending'
  /** Larger is later. */
  readonly lastUsed: number
}

/** The room that a model could have: of main memory, and of a graphics processor's own where there is one. */
export interface Room extends RoomInPlace {
  readonly graphics?: RoomInPlace
}

/** The room that a model could have in one place. */
export interface RoomInPlace {
  /** Free at this moment. */
  readonly freeBytes: number
  /** Free once every idle model is unloaded. */
  readonly reclaimableBytes: number
  /** Free once every model is unloaded that is not pinned. */
  readonly wholeBytes: number
  /** What each of the models in use may have, so that they fit beside each other. */
  readonly shareBytes: number
}

export interface MemoryBudget {
  /** What the owner allows for all models; absent where it is for the machine to say. */
  readonly ownersBytes?: number
  /** What was available before any model was loaded. */
  readonly initialBytes: number
  /** What is available now. */
  readonly availableBytes: number
  /** How many models share the memory, the one that asks included. */
  readonly sharers: number
}

/**
 * Measures the room for one more model. Where the owner set no amount, models may take what was available before the
 * first one, less what other programs took since. What a loading model took already cannot be told from what it will
 * take; so what is free now is rather told too low, and what there is in the whole rather too high.
 */
export function measureRoom(holdings: readonly Holding[], budget: MemoryBudget): RoomInPlace {
  const held = sum(holdings)
  const loading = sum(holdings.filter(({ state }) => state === 'loading'))
  const totalBytes = budget.ownersBytes ?? Math.min(budget.initialBytes, budget.availableBytes + held)
  const surelyBytes = budget.ownersBytes ?? Math.min(budget.initialBytes, budget.availableBytes + held - loading)
  const withoutRestless = holdings.filter(({ state }) => state !== 'idle' && state !== 'ending')
  const pinned = holdings.filter(({ state }) => state === 'pinned')
  return {
    freeBytes: surelyBytes - held,
    reclaimableBytes: surelyBytes - sum(withoutRestless),
    wholeBytes: totalBytes - sum(pinned),
    shareBytes: Math.floor(totalBytes / Math.max(1, budget.sharers)),
  }
}

/** Sees of holdings only what they take of a graphics processor's own memory. */
export function onGraphics<T extends Holding>(holdings: readonly T[]): readonly T[] {
  return holdings.map(holding => ({ ...holding, bytes: holding.graphicsBytes ?? 0 }))
}

/** Chooses which idle models to unload to gain `bytes`: the least recently used first, and none that is not needed. */
export function chooseEvictions<T extends Holding>(holdings: readonly T[], bytes: number): readonly T[] {
  const idle = holdings.filter(({ state }) => state === 'idle')
  return chooseEnough(
    idle.toSorted((a, b) => a.lastUsed - b.lastUsed),
    bytes,
  )
}

/**
 * Chooses, the foremost first, what gains `bytes`, and none that is not needed. Gives nothing where all of them would
 * not suffice.
 */
export function chooseEnough<T extends Holding>(holdings: readonly T[], bytes: number): readonly T[] {
  const chosen: T[] = []
  for (const holding of holdings) {
    if (sum(chosen) >= bytes) break
    chosen.push(holding)
  }
  if (sum(chosen) < bytes) return []
  return chosen.reduce<readonly T[]>((kept, holding) => {
    const others = kept.filter(other => other !== holding)
    return sum(others) >= bytes ? others : kept
  }, chosen)
}

/** What some models take together. */
export function sum(holdings: readonly Holding[]): number {
  return holdings.reduce((total, { bytes }) => total + bytes, 0)
}
