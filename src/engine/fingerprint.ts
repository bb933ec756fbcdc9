import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

const headBytes = 1024 * 1024

/* About one in each layer: whoever trains, merges or quantizes a model changes more than what lies between. */
const samples = 64
const sampleBytes = 16 * 1024

/**
 * Tells a model's file from others, and from what it was before it was changed: by its size and date, its head, which
 * says what is in it, and samples of all that follows, for whoever changes a file and keeps its date.
 */
export async function fingerprint(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    const hash = createHash('sha256').update(JSON.stringify([size, mtimeMs]))
    hash.update(await readPiece(file, 0, headBytes))
    const rest = Math.max(0, size - headBytes - sampleBytes)
    for (let index = 1; index <= samples; index += 1) {
      hash.update(await readPiece(file, headBytes + Math.floor((rest * index) / samples), sampleBytes))
    }
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}

async function readPiece(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
