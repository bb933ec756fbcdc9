import type { FileHandle } from 'node:fs/promises'
import { limits } from './limits.ts'
import { damaged, grouped, refusal } from './refusal.ts'

const chunkBytes = 256 * 1024

/**
 * Reads a header from front to back, a chunk at a time, never past the end of the file or the largest header.
 * What it gives as bytes is valid only until the next read.
 */
export class HeaderReader {
  readonly path: string
  readonly sizeBytes: number
  readonly #file: FileHandle
  #buffer = Buffer.allocUnsafe(chunkBytes)
  #cursor = 0
  #end = 0
  #fileOffset: number

  constructor(file: FileHandle, { path, sizeBytes, offset = 0 }: { path: string; sizeBytes: number; offset?: number }) {
    this.#file = file
    this.path = path
    this.sizeBytes = sizeBytes
    this.#fileOffset = offset
  }

  /** Where the next byte comes from. */
  get position(): number {
    return this.#fileOffset - (this.#end - this.#cursor)
  }

  async bytes(count: number): Promise<Buffer> {
    if (this.#end - this.#cursor < count) await this.#fill(count)
    this.#cursor += count
    return this.#buffer.subarray(this.#cursor - count, this.#cursor)
  }

  async u32(): Promise<number> {
    return (await this.bytes(4)).readUInt32LE()
  }

  async u64(): Promise<bigint> {
    return (await this.bytes(8)).readBigUInt64LE()
  }

  /** Reads a count or a length that must not be above `most`. */
  async count(what: string, most: number): Promise<number> {
    const count = await this.u64()
    if (count > BigInt(most)) throw damaged(this.path, `${what} is ${grouped(count)}, and ${grouped(most)} is the most`)
    return Number(count)
  }

  /** Reads a text of at most `most` bytes; broken UTF-8 reads as U+FFFD. */
  async text(what: string, most: number): Promise<string> {
    const length = await this.count(`the length of ${what}`, most)
    return (await this.bytes(length)).toString('utf8')
  }

  /** Passes over bytes without keeping them. */
  async skip(count: number): Promise<void> {
    const buffered = Math.min(count, this.#end - this.#cursor)
    this.#cursor += buffered
    if (buffered === count) return
    this.#requireReadable(count - buffered)
    this.#fileOffset += count - buffered
  }

  /** Passes over texts; `visit` sees the bytes of each. */
  async skipTexts(count: number, visit?: (bytes: Buffer) => void): Promise<void> {
    for (let index = 0; index < count; index++) {
      if (this.#end - this.#cursor < 8) await this.#fill(8)
      const low = this.#buffer.readUInt32LE(this.#cursor)
      const high = this.#buffer.readUInt32LE(this.#cursor + 4)
      if (high > 0 || low > limits.textBytes)
        throw damaged(this.path, `element ${index} of a list of texts is too long`)
      this.#cursor += 8
      if (this.#end - this.#cursor < low) await this.#fill(low)
      visit?.(this.#buffer.subarray(this.#cursor, this.#cursor + low))
      this.#cursor += low
    }
  }

  /** Makes at least `count` bytes lie in the buffer. */
  async #fill(count: number): Promise<void> {
    const rest = this.#end - this.#cursor
    this.#requireReadable(count - rest)
    const next = count > this.#buffer.length ? Buffer.allocUnsafe(count) : this.#buffer
    this.#buffer.copy(next, 0, this.#cursor, this.#end)
    this.#buffer = next
    this.#cursor = 0
    this.#end = rest
    while (this.#end < count) {
      const { bytesRead } = await this.#file.read(next, this.#end, next.length - this.#end, this.#fileOffset)
      if (bytesRead === 0) throw refusal(this.path, 'shrank while it was read; wait until it is whole and try again')
      this.#end += bytesRead
      this.#fileOffset += bytesRead
    }
  }

  #requireReadable(more: number): void {
    const end = this.#fileOffset + more
    if (end > this.sizeBytes) {
      throw refusal(
        this.path,
        `is cut short or damaged: its header goes on past the end of the file at ${grouped(this.sizeBytes)} bytes; download it again`,
      )
    }
    if (end > limits.headerBytes) {
      throw damaged(this.path, `its header is larger than ${grouped(limits.headerBytes)} bytes`)
    }
  }
}
