import { blend } from './blend.ts'
import type { Pace, ReadingStep } from './pace.ts'
import { bulkPiece } from './slots.ts'

const firstRoom = 16

/* However slow a step is, prompts must not be starved. */
const leastRoom = 2

/* One step that the machine disturbed says little. */
const mostGrowth = 1.15
const mostShrinking = 0.87

/* The aim leaves some of what is allowed for what a step does besides evaluating. */
const part = 0.9

/* Small pieces that cost so many times more for each token than large ones are not worth the even pace. */
const mostWaste = 2

/* What can be read in so little time is read at once. */
const shortMs = 500

/* Every so many pieces, what small ones cost is looked at again: it grows with the prompt. What large ones cost does
   too, so that what they cost so long ago is not averaged with what they cost when one is read again. */
const piecesBetweenLooks = 32

/**
 * A pace that answers keep on average. A reader's gap is the time of one step of each kind, so prompts are read in
 * pieces small enough for a gap to be at most `slowdown` times the usual one. Where small pieces cost far more than
 * large ones, as with small models, prompts are read in large pieces instead, and after each the answers go on for long
 * enough that their average pace is the same.
 * It learns from the steps taken: machines and models differ by orders of magnitude.
 */
export class AveragePace implements Pace {
  readonly #mostRoom: number
  readonly #slowdown: number
  /** How long a step takes that writes, by how many answers it writes. */
  readonly #writingMs = new Map<number, number>()
  /** Milliseconds for each token of a prompt, in small and in large pieces. */
  #smallCost: number | undefined
  #largeCost: number | undefined
  /** Which piece was the last large one. */
  #lastLarge = 0
  /** Learnt from the first piece on. */
  #room: number | undefined
  #owedMs = 0
  #pieces = 0

  /** `mostRoom` is in tokens. */
  constructor(mostRoom: number, slowdown: number) {
    this.#mostRoom = mostRoom
    this.#slowdown = slowdown
  }

  get isPromptsTurn(): boolean {
    return this.#owedMs <= 0
  }

  /** What was learnt of earlier prompts holds for this one. */
  begin(): void {}

  room(writing: number, promptTokens: number): number {
    if (writing === 0) return this.#mostRoom
    // Requests that come together are soon all being written; one pause costs their readers less than many.
    if (this.#largeCost !== undefined && promptTokens * this.#largeCost <= shortMs) return this.#mostRoom
    const room = Math.floor(this.#room ?? this.#firstRoom(writing))
    return Math.min(this.#mostRoom, room < bulkPiece && this.#isLargeBetter ? bulkPiece : room)
  }

  wrote(answers: number, milliseconds: number): void {
    this.#writingMs.set(answers, blend(this.#writingMs.get(answers) ?? milliseconds, milliseconds))
    this.#owedMs -= milliseconds
  }

  read({ tokens, milliseconds, reading, writing }: ReadingStep): void {
    const isWhole = tokens === this.room(writing, Infinity)
    // Many prompts beside few answers have more than the part of one: everybody gets a fair one.
    const slowdown = writing === 0 ? Infinity : Math.max(this.#slowdown, 1 + reading / writing)
    this.#owedMs = milliseconds / (slowdown - 1)
    this.#pieces += 1
    const cost = milliseconds / tokens
    if (tokens >= bulkPiece) this.#learnLarge(cost)
    // A last piece, and one that had to be large, say nothing about the room.
    else if (isWhole) this.#smallCost = blend(this.#smallCost ?? cost, cost)
    if (isWhole && writing > 0) this.#fit(tokens, milliseconds, this.#allowedMs(writing, slowdown))
  }

  #allowedMs(writing: number, slowdown: number): number {
    return (this.#writingMs.get(writing) ?? 0) * (slowdown * part - 1)
  }

  /** What is allowed at the cost that small pieces may have at most. */
  #firstRoom(writing: number): number {
    const allowedMs = this.#allowedMs(writing, this.#slowdown)
    if (allowedMs === 0 || this.#largeCost === undefined) return firstRoom
    return Math.max(leastRoom, Math.min(firstRoom, allowedMs / (mostWaste * this.#largeCost)))
  }

  #learnLarge(cost: number): void {
    const isStale = this.#pieces - this.#lastLarge > piecesBetweenLooks
    this.#largeCost = isStale ? cost : blend(this.#largeCost ?? cost, cost)
    this.#lastLarge = this.#pieces
  }

  #fit(tokens: number, milliseconds: number, allowedMs: number): void {
    if (allowedMs === 0) return
    const change = Math.min(mostGrowth, Math.max(mostShrinking, allowedMs / milliseconds))
    const room = this.#room ?? Math.min(tokens, firstRoom)
    // A large piece in place of a small one that takes too long says nothing about the small one.
    if (change < 1 && tokens > room) return
    this.#room = Math.min(this.#mostRoom, Math.max(leastRoom, Math.max(room, tokens) * change))
  }

  get #isLargeBetter(): boolean {
    if (this.#largeCost === undefined) return true
    if (this.#smallCost === undefined || this.#pieces % piecesBetweenLooks === 0) return false
    return this.#smallCost > mostWaste * this.#largeCost
  }
}
