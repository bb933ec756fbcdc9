/** A place in the native context: the tokens whose keys and values it holds, and whether an answer is being written there. */
export interface Slot {
  readonly id: number
  /** Tokens evaluated in this slot, in order. */
  readonly tokens: ArrayLike<number>
  /** How many of the first tokens were evaluated in large pieces, which give the same numbers each time. */
  readonly bulkTokens: number
  /** How many of the first tokens were asked; an answer's own come after them. */
  readonly askedTokens: number
  /** Where it can go back to, shortest first, where it cannot to any place; all that it holds is the last of them. */
  readonly places?: readonly number[]
  /** The shortest beginning that it can go back to, besides none; 0 by default. */
  readonly earliest?: number
  /** How many of the first tokens are promised to be kept. */
  readonly pinnedTokens: number
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
  /** Whether a slot can keep any beginning of what it holds. */
  readonly canForget: boolean
  /** Whether each of the tokens is to be measured, so that none may be reused. */
  readonly isMeasured?: boolean
}

/*
 * Pieces of 64 tokens and more go through kernels whose results do not depend on how the prompt was cut;
 * smaller ones differ in the last digits, enough to turn a close greedy choice (docs/adr/0011).
 */
export const bulkPiece = 64

/* Copying a slot costs time; a shorter gain is not worth it. */
export const worthCopying = 64

/* Losing more of another conversation than this is worth looking for an empty slot. */
const worthKeeping = 256

/**
 * Chooses the free slot that saves most evaluation, and undefined where all are busy. What another slot holds can be
 * copied, even while it works. A conversation gives way only where no slot is empty, and the one that rested longest
 * first; what is pinned gives way last.
 */
export function chooseSeat(slots: readonly Slot[], arrival: Arrival): Seat | undefined {
  const candidates = slots.map(slot => ({
    slot,
    keep: reusable(slot, arrival),
    common: commonPrefix(slot.tokens, arrival.tokens),
  }))
  const free = candidates.filter(({ slot }) => !slot.isBusy)
  const best = free.toSorted(bySaving)[0]
  if (!best) return undefined
  const target = losesMuch(best.slot, best) ? leastMissed(free) : best
  const longest = candidates.toSorted(bySaving)[0] ?? best
  if (longest.slot === target.slot || longest.keep <= target.keep + worthCopying) {
    return { slot: target.slot.id, keep: target.keep }
  }
  const place = target === best ? leastMissed(free) : target
  return { slot: place.slot.id, copyFrom: longest.slot.id, keep: longest.keep }
}

/** The free slot whose conversation is given up first; undefined where all are busy. */
export function leastMissedSlot(slots: readonly Slot[]): number | undefined {
  const free = slots.filter(slot => !slot.isBusy).map(slot => ({ slot, keep: 0, common: 0 }))
  return free.length === 0 ? undefined : leastMissed(free).slot.id
}

interface Candidate {
  readonly slot: Slot
  readonly keep: number
  /** How many tokens the slot and the prompt begin with in common. */
  readonly common: number
}

function bySaving(a: Candidate, b: Candidate): number {
  return b.keep - a.keep || a.slot.lastUsed - b.slot.lastUsed
}

/** Whether a conversation that will go on elsewhere, or a promise, is cut short. */
export function losesMuch(slot: Slot, { keep, common }: Pick<Candidate, 'keep' | 'common'>): boolean {
  return lostTokens(slot, common) > worthKeeping || keep < slot.pinnedTokens
}

/**
 * How many tokens are given up by one who shares only the first `common` ones. Where a conversation goes on, its
 * last answer may come back in other words, without its reasoning; what it was is missed by nobody.
 */
export function lostTokens({ tokens, askedTokens }: Pick<Slot, 'tokens' | 'askedTokens'>, common: number): number {
  return common > 0 && common >= askedTokens ? 0 : tokens.length - common
}

function leastMissed(free: readonly Candidate[]): Candidate {
  return free.reduce((first, next) => (isLessMissed(next, first) ? next : first))
}

function isLessMissed({ slot: a, keep: keepA }: Candidate, { slot: b, keep: keepB }: Candidate): boolean {
  if ((a.tokens.length === 0) !== (b.tokens.length === 0)) return a.tokens.length === 0
  const breaksA = keepA < a.pinnedTokens
  if (breaksA !== keepB < b.pinnedTokens) return !breaksA
  return a.lastUsed < b.lastUsed
}

/** How many of the prompt's first tokens a slot's state can stand for. The last token is always evaluated. */
export function reusable(
  slot: Pick<Slot, 'tokens' | 'bulkTokens' | 'places' | 'earliest'>,
  { tokens, isReproducible, canForget, isMeasured }: Arrival,
): number {
  if (isMeasured) return 0
  const common = Math.min(commonPrefix(slot.tokens, tokens), tokens.length - 1)
  const most = isReproducible ? Math.min(common, slot.bulkTokens, tokens.length - bulkPiece) : common
  const keep = canForget ? most : lastPlace(slot.places ?? [slot.tokens.length], most)
  return keep < (slot.earliest ?? 0) || (isReproducible && keep < bulkPiece) ? 0 : keep
}

/** The last of the places that is not beyond `most`; 0, where everything begins, if there is none. */
export function lastPlace(places: readonly number[], most: number): number {
  return Math.max(0, ...places.filter(place => place <= most))
}

/** How many tokens two sequences begin with in common. */
export function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const length = Math.min(a.length, b.length)
  let index = 0
  while (index < length && a[index] === b[index]) index += 1
  return index
}
