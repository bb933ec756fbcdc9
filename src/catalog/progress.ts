/** How far a pull has come. `totalBytes` is absent while nobody has announced it. */
export interface PullProgress {
  readonly phase: 'resolving' | 'downloading' | 'verifying' | 'ready'
  readonly receivedBytes: number
  readonly totalBytes?: number
  readonly bytesPerSecond?: number
  /** Where the bytes come from, in words. */
  readonly source: string
}

export type ReportProgress = (progress: PullProgress) => void

interface Sample {
  readonly at: number
  readonly bytes: number
}

const windowMs = 5_000
const betweenReportsMs = 100

/** Measures the speed of the last seconds, and thins out the reports. */
export class Meter {
  #samples: Sample[] = []
  #lastReport = Number.NEGATIVE_INFINITY
  readonly #report: ReportProgress
  readonly #source: string
  readonly #now: () => number

  constructor(report: ReportProgress, source: string, now: () => number = () => performance.now()) {
    this.#report = report
    this.#source = source
    this.#now = now
  }

  /** Tells of a phase at once. */
  announce(phase: PullProgress['phase'], receivedBytes: number, totalBytes?: number): void {
    this.#samples = []
    this.#send(phase, receivedBytes, totalBytes)
  }

  /** Tells of bytes, ten times a second at most. */
  advance(phase: PullProgress['phase'], receivedBytes: number, totalBytes?: number): void {
    const at = this.#now()
    if (at - this.#lastReport < betweenReportsMs && receivedBytes !== totalBytes) return
    this.#samples = [...this.#samples.filter(sample => at - sample.at < windowMs), { at, bytes: receivedBytes }]
    this.#send(phase, receivedBytes, totalBytes)
  }

  #send(phase: PullProgress['phase'], receivedBytes: number, totalBytes: number | undefined): void {
    this.#lastReport = this.#now()
    const bytesPerSecond = this.#speed()
    this.#report({
      phase,
      receivedBytes,
      source: this.#source,
      ...(totalBytes !== undefined && { totalBytes }),
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
    })
  }

  #speed(): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at <= first.at) return undefined
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at))
  }
}
