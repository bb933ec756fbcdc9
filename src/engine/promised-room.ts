/**
 * Room that busy models are making for others. It goes to nobody else, and waits a while for one whose requests were
 * refused meanwhile: they were told to come again.
 */
export interface PromisedRoom {
  promise(model: string, bytes: number): void
  has(model: string): boolean
  /** What is promised to other models than this. */
  toOthers(model: string): number
  /** The model has its room. */
  keep(model: string): void
  /** Nobody waits for the model any more. */
  postpone(model: string): void
}

const waitsForMs = 60_000

/** Makes promises over a clock that never goes back. */
export function createPromisedRoom(now: () => number): PromisedRoom {
  const promises = new Map<string, { readonly bytes: number; readonly until: number }>()
  const standing = () => [...promises].filter(([, { until }]) => until > now())
  return {
    promise: (model, bytes) => void promises.set(model, { bytes, until: Infinity }),
    has: model => standing().some(([name]) => name === model),
    toOthers: model => standing().reduce((sum, [name, { bytes }]) => (name === model ? sum : sum + bytes), 0),
    keep: model => void promises.delete(model),
    postpone: model => {
      const promise = promises.get(model)
      if (promise) promises.set(model, { ...promise, until: now() + waitsForMs })
    },
  }
}
