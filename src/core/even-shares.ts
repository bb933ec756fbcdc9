/**
 * Bounded places that several share. While there are free ones everybody may take them; when they are all taken, who
 * has less than an even share of them is let in all the same, so that nobody can take them from everybody. Together
 * they then hold more than the bound, by a share for each who came late.
 */
export class EvenShares {
  readonly #held = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  /** Whether somebody may take so many of `most` places. */
  hasRoom(who: string, amount: number, most: number): boolean {
    if (this.#total + amount <= most) return true
    const holders = this.#held.size + (this.#held.has(who) ? 0 : 1)
    return (this.#held.get(who) ?? 0) + amount <= most / holders
  }

  take(who: string, amount: number): void {
    this.#total += amount
    this.#held.set(who, (this.#held.get(who) ?? 0) + amount)
  }

  giveBack(who: string, amount: number): void {
    const left = (this.#held.get(who) ?? 0) - amount
    this.#total -= amount
    if (left > 0) this.#held.set(who, left)
    else this.#held.delete(who)
  }
}
