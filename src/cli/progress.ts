import { formatBytes } from '../core/bytes.ts'
import type { PullProgress } from '../services/pull-model.ts'
import type { Output } from './output.ts'

const longestBar = 24
const leastBar = 4
const clearLine = '\r\u001B[2K'

/** Shows how a pull goes on: a bar on a terminal, a few plain lines anywhere else. */
export interface ProgressView {
  show(progress: PullProgress): void
  /** Ends the bar's line, before something else is written. */
  end(): void
}

export function createProgressView(output: Output): ProgressView {
  return output.isInteractive ? new Bar(output) : new Lines(output)
}

class Bar implements ProgressView {
  readonly #output: Output
  #isOpen = false

  constructor(output: Output) {
    this.#output = output
  }

  show(progress: PullProgress): void {
    if (progress.phase === 'ready') return this.end()
    const line = formatProgress(progress, this.#output.columns)
    const shown = line.length < this.#output.columns ? line : line.slice(0, Math.max(0, this.#output.columns - 1))
    this.#output.draw(`${clearLine}${shown}`)
    this.#isOpen = true
  }

  end(): void {
    if (this.#isOpen) this.#output.draw(clearLine)
    this.#isOpen = false
  }
}

const phases: Readonly<Record<PullProgress['phase'], string>> = {
  resolving: 'Waiting for',
  downloading: 'Downloading',
  verifying: 'Verifying',
  ready: 'Ready',
}

const stepPercent = 25

/** Tells of each phase, and of each quarter of a download. */
class Lines implements ProgressView {
  readonly #output: Output
  #last = ''

  constructor(output: Output) {
    this.#output = output
  }

  show(progress: PullProgress): void {
    if (progress.phase === 'ready') return
    const percent = percentOf(progress)
    const isSized = progress.phase === 'downloading' && percent !== undefined
    const step = isSized ? Math.floor(percent / stepPercent) * stepPercent : 0
    const key = `${progress.phase} ${progress.source} ${step}`
    if (key === this.#last) return
    this.#last = key
    const size = progress.totalBytes === undefined ? '' : ` of ${formatBytes(progress.totalBytes)}`
    this.#output.note(`${phases[progress.phase]} ${progress.source}${isSized ? `: ${step}%${size}` : ''}`)
  }

  end(): void {}
}

/**
 * Writes a progress as one line: `Downloading  [####----]  42%  39.4 MiB of 93.8 MiB  12.1 MiB/s  4 s left`.
 * The bar takes what room the rest leaves.
 */
export function formatProgress(progress: PullProgress, columns = 80): string {
  const { phase, source, bytesPerSecond } = progress
  if (phase === 'resolving') return `${phases.resolving} ${source}`
  const speed = bytesPerSecond === undefined ? undefined : `${formatBytes(bytesPerSecond)}/s`
  const after = [amount(progress), speed, timeLeft(progress)].filter(part => part !== undefined).join('  ')
  const percent = percentOf(progress)
  if (percent === undefined) return `${phases[phase]}  ${after}`
  const share = `${String(Math.floor(percent)).padStart(3)}%  ${after}`
  const room = columns - phases[phase].length - share.length - '  [] '.length - 1
  return `${phases[phase]}  [${bar(percent, Math.max(leastBar, Math.min(room, longestBar)))}] ${share}`
}

function percentOf({ receivedBytes, totalBytes }: PullProgress): number | undefined {
  if (totalBytes === undefined || totalBytes <= 0) return undefined
  return Math.min(100, (receivedBytes / totalBytes) * 100)
}

function bar(percent: number, width: number): string {
  const full = Math.round((percent / 100) * width)
  return '#'.repeat(full) + '-'.repeat(width - full)
}

function amount({ receivedBytes, totalBytes }: PullProgress): string {
  return totalBytes === undefined
    ? formatBytes(receivedBytes)
    : `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`
}

function timeLeft({ receivedBytes, totalBytes, bytesPerSecond }: PullProgress): string | undefined {
  if (totalBytes === undefined || bytesPerSecond === undefined || bytesPerSecond < 1) return undefined
  return `${formatDuration((totalBytes - receivedBytes) / bytesPerSecond)} left`
}

/** Writes seconds as people read them: `9 s`, `4 min`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 90) return `${whole} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 90) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
