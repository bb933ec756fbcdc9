import { constants, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

export type BoundedRead =
  | { readonly type: 'read'; readonly text: string; readonly mode: number }
  | { readonly type: 'refused'; readonly code: string; readonly why: string }

const failures: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a folder',
  ELOOP: 'is a link that leads nowhere',
}

/** Reads a whole file of text, unless it is larger than it may be, no regular file, or no UTF-8. */
export async function readBounded(path: string, mostBytes: number): Promise<BoundedRead> {
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const status = await file.stat()
      if (!status.isFile()) return refused('irregular', status.isDirectory() ? 'is a folder' : 'is no regular file')
      const bytes = await readUpTo(file, mostBytes + 1)
      if (bytes.length > mostBytes) return refused('large', `is larger than ${mostBytes} bytes, which is the most`)
      return { type: 'read', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), mode: status.mode }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof TypeError) return refused('encoding', 'is no text in UTF-8')
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return refused(code, failures[code] ?? 'cannot be read')
  }
}

function refused(code: string, why: string): BoundedRead {
  return { type: 'refused', code, why }
}

/* A file may grow while it is read, so its size says nothing. */
async function readUpTo(file: FileHandle, most: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(most)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, most - length)
    length += bytesRead
    if (bytesRead === 0 || length === most) return bytes.subarray(0, length)
  }
}
