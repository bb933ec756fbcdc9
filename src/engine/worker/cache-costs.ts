import { blend } from './blend.ts'

/** What evaluating and bringing back cost on this machine, learnt from what they did cost. */
export class CacheCosts {
  #msPerToken = 1
  #msPerByte = 1e-6

  /** Notes a step. Small ones say little: they are dominated by what every step costs. */
  evaluated(tokens: number, ms: number): void {
    if (tokens >= leastTokens) this.#msPerToken = blend(this.#msPerToken, ms / tokens)
  }

  restored(bytes: number, ms: number): void {
    if (bytes > 0) this.#msPerByte = blend(this.#msPerByte, ms / bytes)
  }

  /** How long evaluating this many tokens takes. */
  evaluatingMs(tokens: number): number {
    return tokens * this.#msPerToken
  }

  /** Whether bringing back this many bytes is faster than evaluating this many tokens. */
  isWorthRestoring(bytes: number, tokens: number): boolean {
    return tokens >= leastTokens && bytes * this.#msPerByte < this.evaluatingMs(tokens)
  }
}

const leastTokens = 64
