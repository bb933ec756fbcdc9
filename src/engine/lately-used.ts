/** Which models were used so lately that they will likely be used again. */
export interface LatelyUsed {
  note(model: string): void
  /** Those of this half hour, and those that will surely be used. */
  models(): readonly string[]
}

const recentMs = 30 * 60_000

/** Starts to remember. `expected` are the models that will surely be used; `now` is in milliseconds and never goes back. */
export function createLatelyUsed(expected: readonly string[], now: () => number): LatelyUsed {
  const lastUses = new Map<string, number>()
  return {
    note: model => void lastUses.set(model, now()),
    models: () => {
      const since = now() - recentMs
      return [...expected, ...[...lastUses].filter(([, at]) => at > since).map(([model]) => model)]
    },
  }
}
