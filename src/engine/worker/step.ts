import { bulkPiece } from './slots.ts'

/** A slot that has work: `remaining` prompt tokens, or none when it draws its next token. */
export interface Working {
  readonly slot: number
  readonly remaining: number
  /** Larger is later. */
  readonly arrived: number
  /** Whether its prompt is to be evaluated in large pieces only, whatever room there is. */
  readonly inBulk: boolean
}

/** How many tokens a slot evaluates in a step. */
export interface Share {
  readonly slot: number
  readonly count: number
}

export interface StepLimits {
  /** The most tokens of one step. */
  readonly batchTokens: number
  /** The most prompt tokens of one step. */
  readonly promptTokens: number
}

/**
 * Divides one step among the slots: each answer being written gets its one token, and prompts share the room
 * there is for them, oldest first. The result is in ascending slot order, which the native batch needs to be one pass.
 */
export function planStep(working: readonly Working[], limits: StepLimits): readonly Share[] {
  const writing = working.filter(({ remaining }) => remaining === 0)
  const reading = working.filter(({ remaining }) => remaining > 0).toSorted((a, b) => a.arrived - b.arrived)
  const room = Math.min(limits.batchTokens - writing.length, limits.promptTokens)
  const beside = { room, most: limits.batchTokens - writing.length }
  return [...writing.map(({ slot }) => ({ slot, count: 1 })), ...share(reading, beside)].toSorted(
    (a, b) => a.slot - b.slot,
  )
}

function share(reading: readonly Working[], { room, most }: { room: number; most: number }): Share[] {
  const shares: Share[] = []
  let left = room
  for (const [index, { slot, remaining, inBulk }] of reading.entries()) {
    if (left <= 0) break
    const least = inBulk ? Math.min(bulkPiece, most - (room - left)) : 1
    const fair = Math.max(least, Math.floor(left / (reading.length - index)))
    const count = pieceOf(remaining, fair)
    shares.push({ slot, count })
    left -= count
  }
  return shares
}

/* A small last piece would be evaluated by other kernels than a large one: leave enough for it to be large. */
function pieceOf(remaining: number, room: number): number {
  if (remaining <= room) return remaining
  return remaining - room < bulkPiece && room > bulkPiece ? Math.max(1, remaining - bulkPiece) : room
}

/** The idle slots between the working ones. A gap in the slot order would cut the native batch into several passes. */
export function findGaps(shares: readonly Share[]): readonly number[] {
  const used = new Set(shares.map(({ slot }) => slot))
  const first = shares[0]?.slot ?? 0
  const last = shares.at(-1)?.slot ?? 0
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset).filter(slot => !used.has(slot))
}
