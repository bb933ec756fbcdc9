/** How long a client is kept without headers. Once it is over, the first event of an attempt is final. */
export interface Patience {
  readonly isOver: boolean
  /** Settles when it is over; never, where it is unlimited or was cancelled. */
  readonly over: Promise<void>
  cancel(): void
}

/** Starts to wait. `Infinity` waits for ever. */
export function startPatience(milliseconds: number): Patience {
  let isOver = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = () => {
    isOver = true
    resolve()
  }
  const timer = Number.isFinite(milliseconds) ? setTimeout(end, milliseconds) : undefined
  return {
    get isOver() {
      return isOver
    },
    over: promise,
    cancel: () => clearTimeout(timer),
  }
}
