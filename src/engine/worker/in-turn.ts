/** Does one thing after the other, in the order in which they came. What fails keeps nothing behind it from its turn. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

/** Makes a line, in which nothing waits yet. */
export function createInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
