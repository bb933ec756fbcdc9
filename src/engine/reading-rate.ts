/** What was read of prompts in some time. */
export interface ReadPiece {
  readonly tokens: number
  readonly milliseconds: number
}

/** What a model's process reads of prompts, and how fast. */
export interface ReadingStatus {
  /** The prompts that are being read, and how many tokens of them are left; absent where there are none. */
  readonly reading?: { readonly prompts: number; readonly tokens: number }
  /** Absent where it is not known of late. */
  readonly promptTokensPerSecond?: number
}

/* After so many tokens, what was measured before counts half. */
const halfLifeTokens = 4096

/* What is older says nothing of this moment; the next prompt shows it anew. */
const staleMs = 10 * 60_000

/* A piece that was held up, as by a machine that slept, says little: it counts as so many times slower than usual. */
const mostSlowdown = 4

/** Learns how fast a model's process reads prompts, beside whatever else it does. Times never go back. */
export class ReadingRate {
  #isFirst = true
  #tokens = 0
  #milliseconds = 0
  #notedAt = -Infinity

  note({ tokens, milliseconds }: ReadPiece, nowMs: number): void {
    // The first piece may have waited for the weights to come from a disk, or for kernels to be compiled.
    if (this.#isFirst) {
      this.#isFirst = false
      return
    }
    const rate = this.perSecond(nowMs)
    const mostMs = rate === undefined ? Infinity : (mostSlowdown * tokens * 1000) / rate
    const kept = this.#isStale(nowMs) ? 0 : 0.5 ** (tokens / halfLifeTokens)
    this.#tokens = this.#tokens * kept + tokens
    this.#milliseconds = this.#milliseconds * kept + Math.min(milliseconds, mostMs)
    this.#notedAt = nowMs
  }

  /** Tokens in a second; undefined where nothing is known of late. */
  perSecond(nowMs: number): number | undefined {
    if (this.#isStale(nowMs) || this.#milliseconds <= 0) return undefined
    return (this.#tokens * 1000) / this.#milliseconds
  }

  #isStale(nowMs: number): boolean {
    return nowMs - this.#notedAt > staleMs
  }
}
