import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs'
import type { WriteStream } from 'node:fs'
import { dirname } from 'node:path'

const mostBytes = 1024 * 1024

/**
 * Keeps what an engine wrote where other programs find it: a file of bounded size, and the one before it. A log that
 * cannot be written stops nothing.
 */
export class LogFile {
  readonly #path: string
  #stream: WriteStream | undefined
  #bytes = 0

  constructor(path: string) {
    this.#path = path
  }

  add(line: string): void {
    const text = `${line}\n`
    if (this.#bytes > mostBytes) this.#turnOver()
    this.#stream ??= this.#open()
    this.#bytes += Buffer.byteLength(text)
    this.#stream?.write(text)
  }

  #open(): WriteStream | undefined {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
      this.#bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
      return createWriteStream(this.#path, { flags: 'a', mode: 0o600 }).on('error', () => {})
    } catch {
      return undefined
    }
  }

  #turnOver(): void {
    this.#stream?.end()
    this.#stream = undefined
    this.#bytes = 0
    try {
      renameSync(this.#path, `${this.#path}.old`)
    } catch {
      // It is gone, or held by another program; what comes next is added to it.
    }
  }
}
