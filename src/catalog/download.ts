import { ModelError } from '../core/errors.ts'
import { abortError, connectionFailure, DownloadFailure, refusal } from './failures.ts'
import type { DownloadLimits } from './limits.ts'
import { PartFile } from './part-file.ts'
import type { PartRecord } from './part-file.ts'
import type { Meter } from './progress.ts'
import { withRetries } from './retries.ts'
import type { Announced, OpenFile, Transport } from './transport.ts'

/** What a file must be, where that is known beforehand. */
export interface Expected {
  readonly sha256?: string
  readonly sizeBytes?: number
}

/** Throws where a file of this size is not wanted, or where the disk has no room for what is still to come. */
export type Admit = (file: { readonly sizeBytes: number; readonly neededDiskBytes: number }) => Promise<void>

/** One file to bring to this machine. */
export interface DownloadJob {
  readonly url: URL
  /** Where the bytes are gathered; the record of what they belong to lies beside it. */
  readonly partPath: string
  readonly expected: Expected
  readonly limits: DownloadLimits
  readonly transport: Transport
  readonly meter: Meter
  readonly signal: AbortSignal
  readonly admit: Admit
}

/** A whole file whose checksum is right, still under its temporary name. */
export interface VerifiedFile {
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
}

/**
 * Downloads a file, going on from what an interrupted run left. What it gives is whole, on the disk for good and
 * has the right checksum; a stopped or broken download leaves its part for the next run.
 */
export async function download(job: DownloadJob): Promise<VerifiedFile> {
  const part = new PartFile(job.partPath)
  const transfer = new Transfer(job, part)
  try {
    transfer.record = await part.open(job.url.href)
    const isContinued = part.size > 0
    const file = await transfer.run()
    if (transfer.isRight(file.sha256)) return file
    // A power cut can leave a part of the right length with the wrong bytes.
    if (isContinued) {
      await part.restart()
      const again = await transfer.run()
      if (transfer.isRight(again.sha256)) return again
    }
    await part.remove()
    throw refusal('unavailable', `the file has the checksum ${file.sha256}, which is not the right one; it was deleted`)
  } finally {
    await (part.size === 0 ? part.remove() : part.close())
  }
}

class Transfer {
  record: PartRecord = { origin: '' }
  readonly #job: DownloadJob
  readonly #part: PartFile
  #sha256: string | undefined

  constructor(job: DownloadJob, part: PartFile) {
    this.#job = job
    this.#part = part
    this.#sha256 = job.expected.sha256
  }

  async run(): Promise<VerifiedFile> {
    const { limits, signal } = this.#job
    await withRetries({ limits, signal, received: () => this.#part.size }, () => this.#attempt())
    return this.#verify()
  }

  isRight(sha256: string): boolean {
    return this.#sha256 === undefined || sha256 === this.#sha256
  }

  async #attempt(): Promise<void> {
    const { meter, signal, url } = this.#job
    meter.announce('resolving', this.#part.size, this.record.totalBytes)
    // Without a mark of the file's version or a checksum nobody could tell whether the rest belongs to the part.
    if (this.record.etag === undefined && this.#sha256 === undefined) await this.#part.restart()
    const file = await this.#job.transport.open({ url, offset: this.#part.size, signal })
    if (this.#part.size > 0 && !this.#continues(file)) return this.#startAgain(file)
    if (file.status === 416) return
    await this.#begin(file)
    await this.#receive(file)
  }

  async #verify(): Promise<VerifiedFile> {
    const { path, size: sizeBytes } = this.#part
    this.#job.meter.announce('verifying', sizeBytes, sizeBytes)
    await this.#hashWritten()
    return { path, sha256: await this.#part.finish(), sizeBytes }
  }

  /** Tells whether an answer goes on where the part ends, with more of the same file. */
  #continues(file: Announced): boolean {
    const isSame = file.etag === this.record.etag && file.totalBytes === this.record.totalBytes
    if (file.status === 416) return isSame && file.totalBytes === this.#part.size
    return isSame && file.status === 206 && file.offset === this.#part.size
  }

  async #startAgain(file: OpenFile): Promise<void> {
    await this.#part.restart()
    if (file.status === 200) {
      await this.#begin(file)
      return this.#receive(file)
    }
    file.body.destroy()
    throw new DownloadFailure('unavailable', `${file.host} offers a changed file`, { retry: 'transfer' })
  }

  async #begin(file: OpenFile): Promise<void> {
    try {
      if (file.status === 206 && file.offset !== this.#part.size)
        throw refusal('unavailable', `${file.host} sends another part of the file than was asked for`)
      this.#checkAnnounced(file)
      this.#sha256 ??= file.sha256
      const sizeBytes = file.totalBytes ?? 0
      await this.#job.admit({ sizeBytes, neededDiskBytes: Math.max(0, sizeBytes - this.#part.size) })
      const { etag, totalBytes } = file
      this.record = {
        origin: this.record.origin,
        ...(etag !== undefined && { etag }),
        ...(totalBytes !== undefined && { totalBytes }),
      }
      await this.#part.remember(this.record)
      await this.#hashWritten()
    } catch (error) {
      file.body.destroy()
      throw error
    }
  }

  #checkAnnounced(file: OpenFile): void {
    const { sha256, sizeBytes } = this.#job.expected
    if (sha256 !== undefined && file.sha256 !== undefined && sha256 !== file.sha256) {
      throw refusal(
        'unavailable',
        `${file.host} offers another file than the catalogue names (checksum ${file.sha256})`,
      )
    }
    if (sizeBytes !== undefined && file.totalBytes !== undefined && sizeBytes !== file.totalBytes) {
      throw refusal(
        'unavailable',
        `${file.host} offers a file of ${file.totalBytes} bytes where ${sizeBytes} are right`,
      )
    }
    if ((file.totalBytes ?? 0) > this.#job.limits.maxBytes) {
      throw refusal(
        'too-large',
        `${file.host} offers a file of ${file.totalBytes} bytes; the limit is ${this.#job.limits.maxBytes}`,
      )
    }
  }

  async #receive(file: OpenFile): Promise<void> {
    const { limits, meter } = this.#job
    const total = file.totalBytes ?? this.#job.expected.sizeBytes
    meter.announce('downloading', this.#part.size, total)
    for await (const chunk of bytesOf(file, this.#job.signal)) {
      if (this.#part.size + chunk.length > (total ?? limits.maxBytes)) {
        file.body.destroy()
        await this.#part.restart()
        throw refusal(
          'unavailable',
          `${file.host} sends more than the ${total ?? limits.maxBytes} bytes that the file may have`,
        )
      }
      await this.#part.append(chunk)
      meter.advance('downloading', this.#part.size, total)
    }
    if (total !== undefined && this.#part.size < total) {
      throw new DownloadFailure('unavailable', `${file.host} sent ${this.#part.size} of ${total} bytes`, {
        retry: 'transfer',
      })
    }
  }

  #hashWritten(): Promise<void> {
    const { meter, signal } = this.#job
    const { size } = this.#part
    return this.#part.hashWritten(bytes => meter.advance('verifying', bytes, size), signal)
  }
}

async function* bytesOf(file: OpenFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* file.body
  } catch (error) {
    if (signal.aborted) throw abortError()
    if (error instanceof ModelError) throw error
    throw connectionFailure(error, file.host)
  }
}
