import type { Generation } from './generation.ts'
import type { Mark } from './prompt-map.ts'
import type { Slot } from './slots.ts'

/** A slot at work or at rest. */
export interface Lane {
  readonly id: number
  tokens: number[]
  bulkTokens: number
  lastUsed: number
  pins: readonly Pin[]
  work: Work | undefined
}

/** An answer being written in a lane. */
export interface Work {
  readonly generation: Generation
  readonly arrived: number
  /** How many tokens of its prompt were not there when it came. */
  readonly toRead: number
  /** Drawn and not yet evaluated. */
  next: number | undefined
  isCancelled: boolean
  /** Whether its reader does not keep up. */
  isPaused: boolean
}

/** A promise to keep a lane's first tokens. */
export interface Pin extends Mark {
  /** Milliseconds since 1970. */
  readonly untilMs: number
}

/** Makes a lane that holds nothing. */
export function emptyLane(id: number): Lane {
  return { id, tokens: [], bulkTokens: 0, lastUsed: 0, pins: [], work: undefined }
}

/** Sees a lane as a seat for arrivals does. */
export function toSlot({ id, tokens, bulkTokens, lastUsed, pins, work }: Lane, nowMs: number): Slot {
  return {
    id,
    tokens,
    bulkTokens,
    pinnedTokens: Math.min(tokens.length, pinnedTokens(pins, nowMs)),
    lastUsed,
    isBusy: work !== undefined,
  }
}

/** How many of the first tokens are promised to be kept at this moment. */
export function pinnedTokens(pins: readonly Pin[], nowMs: number): number {
  return Math.max(0, ...pins.filter(({ untilMs }) => untilMs > nowMs).map(({ tokens }) => tokens))
}

/** The promises that hold once a prompt with these marks has reused `kept` tokens: what is used is kept anew. */
export function renewPins(
  pins: readonly Pin[],
  marks: readonly Mark[],
  { kept, nowMs }: { kept: number; nowMs: number },
): readonly Pin[] {
  const used = pins.filter(pin => pin.tokens <= kept && pin.untilMs > nowMs)
  const wanted = new Map<number, number>()
  for (const { tokens, keepForMs } of [...used, ...marks]) {
    wanted.set(tokens, Math.max(keepForMs, wanted.get(tokens) ?? 0))
  }
  return [...wanted].map(([tokens, keepForMs]) => ({ tokens, keepForMs, untilMs: nowMs + keepForMs })).slice(-mostPins)
}

const mostPins = 8
