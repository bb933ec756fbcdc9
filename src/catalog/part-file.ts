import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, open, readFile, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'

/** What is remembered beside a part, so that it is only continued with more of the same file. */
const partRecord = z.object({
  origin: z.string().max(4096),
  etag: z.string().max(1024).optional(),
  totalBytes: z.number().int().nonnegative().optional(),
})

export type PartRecord = z.infer<typeof partRecord>

/** The beginning of a file whose rest is still to come, and what it is the beginning of. */
export class PartFile {
  readonly path: string
  readonly #recordPath: string
  /** The checksum of the bytes written, once they have been read. */
  #hash: Hash | undefined
  #size = 0
  #handle: FileHandle | undefined

  constructor(path: string) {
    this.path = path
    this.#recordPath = `${path}.json`
  }

  get size(): number {
    return this.#size
  }

  /** Opens the part where it belongs to `origin`, and an empty one otherwise. Gives what is known of it. */
  async open(origin: string): Promise<PartRecord> {
    const record = await this.record()
    await this.#dropForeign()
    this.#handle = await open(this.path, 'a', 0o600)
    if (record?.origin !== origin) {
      await this.restart()
      return { origin }
    }
    this.#size = (await this.#handle.stat()).size
    return record
  }

  /** A file with a second name is somebody else's too, and must not be written to. */
  async #dropForeign(): Promise<void> {
    const found = await lstat(this.path).catch(() => undefined)
    if (found !== undefined && (!found.isFile() || found.nlink > 1)) await rm(this.path, { recursive: true })
  }

  async record(): Promise<PartRecord | undefined> {
    try {
      return partRecord.parse(JSON.parse(await readFile(this.#recordPath, 'utf8')))
    } catch {
      // A record that is absent or torn means that nothing is known of the part.
      return undefined
    }
  }

  /** Writes the record before the bytes it describes. */
  async remember(record: PartRecord): Promise<void> {
    const fresh = `${this.#recordPath}.new`
    const handle = await open(fresh, 'w', 0o600)
    try {
      await handle.writeFile(JSON.stringify(record))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, this.#recordPath)
  }

  /** Forgets every byte. */
  async restart(): Promise<void> {
    await this.#opened().truncate(0)
    this.#size = 0
    this.#hash = createHash('sha256')
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#hash?.update(chunk)
    await this.#opened().appendFile(chunk)
    this.#size += chunk.length
  }

  /** Reads what an earlier run wrote, so that the checksum covers it. */
  async hashWritten(onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void> {
    if (this.#hash !== undefined) return
    const hash = createHash('sha256')
    let read = 0
    for await (const chunk of createReadStream(this.path, {
      end: Math.max(0, this.#size - 1),
      signal,
      highWaterMark: 1 << 20,
    })) {
      hash.update(chunk)
      read += chunk.length
      onBytes(read)
    }
    this.#hash = hash
  }

  /** Gives the SHA-256 of every byte, once they are on the disk for good. */
  async finish(): Promise<string> {
    await this.#opened().sync()
    return (this.#hash ?? createHash('sha256')).copy().digest('hex')
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = undefined
  }

  /** Takes the part and its record off the disk. */
  async remove(): Promise<void> {
    await this.close()
    await this.removeRecord()
    await rm(this.path, { force: true })
  }

  async removeRecord(): Promise<void> {
    await rm(this.#recordPath, { force: true })
  }

  #opened(): FileHandle {
    if (this.#handle === undefined) throw new Error('the part is not open')
    return this.#handle
  }
}

/** Gives how much of a file an interrupted pull left on the disk. */
export async function partSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
