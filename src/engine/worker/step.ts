import { bulkPiece } from './slots.ts'

/** A slot that has work: `remaining` prompt tokens, or none when it draws its next token. */
export interface Working {
  readonly slot: number
  readonly remaining: number
  /** After how many of them another prompt can go on; absent where none waits for it. */
  readonly awaited?: number | undefined
  /** Larger is more urgent. */
  readonly urgency: number
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
 * there is for them. The result is in ascending slot order, which the native batch needs to be one pass.
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

/* What of the room is the oldest one's, so that nobody starves: less where a more urgent one is to be read. */
const [oldestPart, lessUrgentPart] = [1 / 2, 1 / 8]

/* In the rest the more urgent ones go first, and of them those that are soonest done, or have read what others wait for. */
function share(reading: readonly Working[], { room, most }: { room: number; most: number }): Share[] {
  const [oldest, ...others] = reading
  if (!oldest || room <= 0) return []
  const ordered = others.toSorted((a, b) => b.urgency - a.urgency || usefulIn(a) - usefulIn(b))
  const first = piece(oldest, { room: Math.ceil(room * partOf(oldest, ordered)), most })
  const shares = [first]
  let left = room - first.count
  for (const each of ordered) {
    if (left <= 0) break
    const next = piece(each, { room: left, most: most - (room - left) })
    shares.push(next)
    left -= next.count
  }
  if (left <= 0) return shares
  return [{ slot: oldest.slot, count: pieceOf(oldest.remaining, first.count + left) }, ...shares.slice(1)]
}

function partOf(oldest: Working, [next]: readonly Working[]): number {
  if (!next) return 1
  return next.urgency > oldest.urgency ? lessUrgentPart : oldestPart
}

function usefulIn({ remaining, awaited = remaining }: Working): number {
  return Math.min(remaining, awaited)
}

function piece({ slot, remaining, inBulk }: Working, { room, most }: { room: number; most: number }): Share {
  const least = inBulk ? Math.min(bulkPiece, most) : 1
  return { slot, count: pieceOf(remaining, Math.max(least, room)) }
}

/* A small last piece would be evaluated by other kernels than a large one: leave enough for it to be large. */
function pieceOf(remaining: number, room: number): number {
  if (remaining <= room) return remaining
  return remaining - room < bulkPiece && room > bulkPiece ? Math.max(1, remaining - bulkPiece) : room
}
