/** Stops and starts a source, by how much of what it gave is not taken yet. */
export interface Flow {
  added(bytes: number): void
  taken(bytes: number): void
  readonly isPaused: boolean
}

export interface FlowOptions {
  /** The source is paused when more than this waits, and goes on when half of it is left. */
  readonly mostBytes: number
  readonly pause: () => void
  readonly resume: () => void
}

/** Makes the flow of a source that runs. */
export function createFlow({ mostBytes, pause, resume }: FlowOptions): Flow {
  let waitingBytes = 0
  let isPaused = false
  return {
    get isPaused() {
      return isPaused
    },
    added: bytes => {
      waitingBytes += bytes
      if (isPaused || waitingBytes <= mostBytes) return
      isPaused = true
      pause()
    },
    taken: bytes => {
      waitingBytes -= bytes
      if (!isPaused || waitingBytes > mostBytes / 2) return
      isPaused = false
      resume()
    },
  }
}
