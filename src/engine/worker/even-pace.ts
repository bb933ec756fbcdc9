import { blend } from './blend.ts'
import type { Pace, ReadingStep } from './pace.ts'

/* An answer's own tokens take longer as it grows, and no two steps take the same time. */
const part = 0.8

/* Pieces grow by no more at a time: what a larger one costs is only guessed. */
const growth = 0.15

/* What one more costs is guessed until it is tried, as a part of what each of the others does: reading weights, which
   costs once, is most of what the first one does. */
const [guessAtFirst, guessLater] = [1 / 4, 1 / 2]

/* One step that the machine disturbed says nothing. */
const remembered = 2

/* After so many tokens more, what larger pieces cost is looked at again: it grows with the prompt. */
const freshFor = 64

/** What pieces of one size took. */
interface Seen {
  /** In milliseconds, the last one last. */
  readonly times: readonly number[]
  /** How many tokens were read by then. */
  readonly at: number
}

/**
 * A pace that holds for every token. Steps take turns one by one, and the pieces of prompts are as small as it takes,
 * down to single tokens: what pieces of each size cost is learnt from the steps taken, for each prompt anew.
 */
export class EvenPace implements Pace {
  readonly #mostRoom: number
  readonly #slowdown: number
  /** How long a step takes that writes, by how many answers it writes. */
  readonly #writingMs = new Map<number, number>()
  readonly #seen = new Map<number, Seen>()
  #tokens = 0
  #size = 1
  #isPromptsTurn = true

  constructor(mostRoom: number, slowdown: number) {
    this.#mostRoom = mostRoom
    this.#slowdown = slowdown
  }

  get isPromptsTurn(): boolean {
    return this.#isPromptsTurn
  }

  room(writing: number): number {
    return writing === 0 ? this.#mostRoom : this.#size
  }

  /** Deep in its context, each token of a prompt may cost far more than those of the last one. */
  begin(): void {
    this.#size = 1
    this.#seen.clear()
  }

  wrote(answers: number, milliseconds: number): void {
    this.#writingMs.set(answers, blend(this.#writingMs.get(answers) ?? milliseconds, milliseconds))
    this.#isPromptsTurn = true
  }

  read({ tokens, milliseconds, writing }: ReadingStep): void {
    this.#isPromptsTurn = writing === 0
    if (writing === 0) return
    this.#tokens += tokens
    const times = [...(this.#seenOf(tokens)?.times ?? []), milliseconds].slice(-remembered)
    this.#seen.set(tokens, { times, at: this.#tokens })
    this.#fit(this.#usualMs(writing) * (this.#slowdown * part - 1))
  }

  #fit(allowedMs: number): void {
    const ms = Math.min(...(this.#seenOf(this.#size)?.times ?? []))
    const difference = Math.max(1, Math.floor(this.#size * growth))
    if (ms > allowedMs) {
      this.#size = Math.max(1, this.#size - difference)
      return
    }
    const larger = Math.min(this.#mostRoom, this.#size + difference)
    const guess = this.#size === 1 ? guessAtFirst : guessLater
    const expectedMs = ms * (1 + (guess * (larger - this.#size)) / this.#size)
    if (Math.min(...(this.#seenOf(larger)?.times ?? [expectedMs])) <= allowedMs) this.#size = larger
  }

  #seenOf(size: number): Seen | undefined {
    const seen = this.#seen.get(size)
    return seen && this.#tokens - seen.at <= Math.max(freshFor, size) ? seen : undefined
  }

  /** Of a number of answers that was not seen yet, what fewer took. */
  #usualMs(writing: number): number {
    const fewer = [...this.#writingMs].filter(([answers]) => answers <= writing)
    return fewer.toSorted(([a], [b]) => b - a)[0]?.[1] ?? 0
  }
}
