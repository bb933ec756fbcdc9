import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { HostExit } from './host-exit.ts'

const mostLastWords = 4096

/* Longer than the system takes to give back the memory of a large model. */
const deadAnywayMs = 10_000

/** Why a process was ended that made no progress. */
export type Stall = Pick<HostExit, 'stalledMs' | 'isFileStuck'>

/** Watches a child process to its end. */
export class ExitWatch {
  /** Settles when the process is gone, however it went. */
  readonly exited: Promise<HostExit>
  readonly #process: ChildProcess
  readonly #gone = Promise.withResolvers<HostExit>()
  #isGivenUp = false
  #stall: Stall = {}
  #lastWords = ''

  constructor(process: ChildProcess, said: Readable) {
    this.#process = process
    this.exited = this.#gone.promise
    said.on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-mostLastWords)
    })
    process.once('close', (code, signal) => this.#settle(code, signal))
    process.once('error', error => {
      this.#lastWords += String(error)
      this.#settle(null, null)
    })
  }

  /** Whether nothing can be asked of the process any more. */
  get isGone(): boolean {
    return this.#isGivenUp || this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /**
   * Ends the process at once. One that hangs in the system, with a file of a disk that does not answer, cannot be
   * ended: it counts as gone after a while, and goes when the disk answers.
   */
  kill(stall: Stall = {}): void {
    this.#stall = stall
    this.#process.kill('SIGKILL')
    const fuse = setTimeout(() => this.#giveUp(), deadAnywayMs)
    void this.exited.then(() => clearTimeout(fuse))
  }

  #giveUp(): void {
    this.#isGivenUp = true
    this.#process.unref()
    this.#settle(null, 'SIGKILL')
  }

  #settle(code: number | null, signal: NodeJS.Signals | null): void {
    this.#gone.resolve({ code, signal, lastWords: this.#lastWords, ...this.#stall })
  }
}
