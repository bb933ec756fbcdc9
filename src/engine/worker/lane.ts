import type { Generation } from './generation.ts'
import type { Checkpoint, ModelSlots } from './model-slots.ts'
import type { Mark } from './prompt-map.ts'
import { lastPlace } from './slots.ts'
import type { Slot } from './slots.ts'

/** A slot at work or at rest. */
export interface Lane {
  readonly id: number
  tokens: number[]
  bulkTokens: number
  /** How many of the first tokens were asked; an answer's own come after them. */
  askedTokens: number
  /** Where it can go back to, shortest first, where it cannot to any place. */
  checkpoints: readonly Checkpoint[]
  lastUsed: number
  /** Milliseconds since 1970. */
  lastUsedMs: number
  pins: readonly Pin[]
  work: Work | undefined
}

/** An answer being written in a lane. */
export interface Work {
  readonly generation: Generation
  readonly arrived: number
  /** How many tokens of its prompt were not there when it came. */
  readonly toRead: number
  /** The places of the prompt at which a checkpoint is taken. */
  stops: readonly number[]
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
  return {
    id,
    tokens: [],
    bulkTokens: 0,
    askedTokens: 0,
    checkpoints: [],
    lastUsed: 0,
    lastUsedMs: 0,
    pins: [],
    work: undefined,
  }
}

/** Sees a lane as a seat for arrivals does. */
export function toSlot(lane: Lane, { nowMs, model }: { nowMs: number; model: ModelSlots }): Slot {
  const { canForget } = model
  const { id, tokens, bulkTokens, askedTokens, checkpoints, lastUsed, pins, work } = lane
  const pinned = Math.min(tokens.length, pinnedTokens(pins, nowMs))
  const places = [...checkpoints.map(checkpoint => checkpoint.tokens), tokens.length]
  return {
    id,
    tokens,
    bulkTokens,
    askedTokens,
    ...(!canForget && { places }),
    earliest: model.earliest(id),
    // Nothing is kept by holding more than it can go back to.
    pinnedTokens: canForget ? pinned : lastPlace(places, pinned),
    lastUsed,
    isBusy: work !== undefined,
  }
}

/** Whether a promise to keep a conversation stands at this moment. */
export function isPinned({ pins }: Pick<Lane, 'pins'>, nowMs: number): boolean {
  return pinnedTokens(pins, nowMs) > 0
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
