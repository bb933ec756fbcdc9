import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

export interface HashFile {
  readonly path: string
  readonly signal: AbortSignal
  readonly onBytes?: (bytes: number) => void
}

/** Gives the SHA-256 of a file and its length. */
export async function hashFile({
  path,
  signal,
  onBytes,
}: HashFile): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
    hash.update(chunk)
    sizeBytes += chunk.length
    onBytes?.(sizeBytes)
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}
