/** A place in the native context: the tokens whose keys and values it holds, and whether an answer is being written there. */
export interface Slot {
  readonly id: number
  /** Tokens evaluated in this slot, in order. */
  readonly tokens: readonly number[]
  /** How many of the first tokens were evaluated in large pieces, which give the same numbers each time. */
  readonly bulkTokens: number
  /** Larger is later. */
  readonly lastUsed: number
  readonly isBusy: boolean
}

/** Where a prompt goes, and how much of it is already there. */
export interface Seat {
  readonly slot: number
  /** Copy this slot's state first. */
  readonly copyFrom?: number
  /** How many of the prompt's first tokens need no evaluation. */
  readonly keep: number
}

/** What a seat is chosen for. */
export interface Arrival {
  readonly tokens: ArrayLike<number>
  readonly isReproducible: boolean
  /** Whether a slot can keep a part of what it holds. */
  readonly canForget: boolean
}

/*
 * Pieces of 64 tokens and more go through kernels whose results do not depend on how the prompt was cut;
 * smaller ones differ in the last digits, enough to turn a close greedy choice (docs/adr/0011).
 */
export const bulkPiece = 64

/* Copying a slot costs time; a shorter gain is not worth it. */
const worthCopying = 64

/* Losing more of another conversation than this is worth looking for an empty slot. */
const worthKeeping = 256

/**
 * Chooses the free slot that saves most evaluation, and undefined where all are busy.
 * What a busy slot holds can be copied while it works.
 */
export function chooseSeat(slots: readonly Slot[], arrival: Arrival): Seat | undefined {
  const candidates = slots.map(slot => ({ slot, keep: reusable(slot, arrival) }))
  const free = candidates.filter(({ slot }) => !slot.isBusy)
  const best = free.toSorted((a, b) => b.keep - a.keep || a.slot.lastUsed - b.slot.lastUsed)[0]
  if (!best) return undefined
  if (!arrival.canForget) return { slot: best.slot.id, keep: best.keep }

  const longest = candidates.toSorted((a, b) => b.keep - a.keep)[0] ?? best
  if (longest.slot.isBusy && longest.keep > best.keep + worthCopying) {
    return { slot: oldest(free).slot.id, copyFrom: longest.slot.id, keep: longest.keep }
  }
  const empty = free.find(({ slot }) => slot.tokens.length === 0)
  const loses = best.slot.tokens.length - best.keep
  if (empty && best.keep > worthCopying && loses > worthKeeping) {
    return { slot: empty.slot.id, copyFrom: best.slot.id, keep: best.keep }
  }
  return { slot: best.slot.id, keep: best.keep }
}

function oldest<T extends { readonly slot: Slot }>(free: readonly [T, ...T[]] | readonly T[]): T {
  return free.reduce((first, next) => (next.slot.lastUsed < first.slot.lastUsed ? next : first))
}

/** How many of the prompt's first tokens a slot's state can stand for. The last token is always evaluated. */
function reusable(slot: Slot, { tokens, isReproducible, canForget }: Arrival): number {
  const common = commonPrefix(slot.tokens, tokens)
  if (!canForget) return common === slot.tokens.length && common < tokens.length ? common : 0
  const keep = Math.min(common, tokens.length - 1)
  if (!isReproducible) return keep
  const bulk = Math.min(keep, slot.bulkTokens, tokens.length - bulkPiece)
  return bulk >= bulkPiece ? bulk : 0
}

function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const length = Math.min(a.length, b.length)
  let index = 0
  while (index < length && a[index] === b[index]) index += 1
  return index
}
