import type { CacheDifference, CacheOutcome, CacheReport } from '../../core/cache-report.ts'

import { worthCopying } from './slots.ts'

/** The kept prompt that begins most like the one that arrives. */
export interface Nearest {
  readonly tokens: ArrayLike<number>
  /** How many tokens both begin with. */
  readonly common: number
  /** Whether it is gone, and only its tokens are still known. */
  readonly isGone: boolean
  /** Whether it can be gone on from at any place, rather than at a few. */
  readonly isWhole: boolean
  /** Whether what both begin with has been read, rather than being read for another request. */
  readonly isRead: boolean
}

export interface Reuse {
  readonly tokens: Uint32Array
  readonly kept: number
  readonly restored: number
  readonly nearest: Nearest | undefined
  readonly isReproducible: boolean
  readonly isMeasured: boolean
  readonly placeOf: (token: number) => string
  readonly spell: (tokens: Uint32Array) => string
}

/* Enough to recognise a place by. */
const tokensAround = 12
const lettersAround = 80

/** Says how much of a prompt was reused, and what stood against more. */
export function explainReuse(reuse: Reuse): CacheReport {
  const { tokens, kept, restored, nearest } = reuse
  const differs =
    nearest !== undefined && nearest.common > 0 && nearest.common < Math.min(nearest.tokens.length, tokens.length)
  return {
    promptTokens: tokens.length,
    reusedTokens: kept,
    restoredTokens: restored,
    outcome: outcomeOf(reuse, differs),
    ...(differs && { difference: differenceOf(reuse, nearest) }),
  }
}

function outcomeOf(reuse: Reuse, differs: boolean): CacheOutcome {
  const { tokens, kept, nearest, isMeasured } = reuse
  if (!nearest || nearest.common === 0) return 'nothing-kept'
  if (isMeasured) return 'measured'
  // The last token of a prompt is always evaluated.
  if (kept >= Math.min(nearest.common, tokens.length - 1)) return differs ? 'differs' : 'reused'
  return obstacleOf({ ...reuse, nearest }, differs)
}

/** What stood against reusing all that both begin with. */
function obstacleOf(reuse: Reuse & { readonly nearest: Nearest }, differs: boolean): CacheOutcome {
  const { kept, nearest, isReproducible } = reuse
  if (nearest.isGone) return 'pushed-out'
  if (!nearest.isWhole) return kept > 0 ? 'checkpoint' : 'cannot-cut'
  if (isReproducible) return 'whole-pieces'
  if (!nearest.isRead) return 'being-read'
  // So few tokens are not copied; it is the difference that costs.
  return differs && nearest.common - kept <= worthCopying ? 'differs' : 'not-worthwhile'
}

function differenceOf({ tokens, placeOf, spell }: Reuse, { tokens: other, common }: Nearest): CacheDifference {
  const from = Math.max(0, common - tokensAround)
  const to = common + tokensAround
  const kept = Uint32Array.from(
    { length: Math.min(other.length, to) - common },
    (_, index) => other[common + index] ?? 0,
  )
  return {
    token: common,
    lostTokens: other.length - common,
    place: placeOf(common),
    before: spell(tokens.subarray(from, common)).slice(-lettersAround),
    asked: spell(tokens.subarray(common, to)).slice(0, lettersAround),
    kept: spell(kept).slice(0, lettersAround),
  }
}
