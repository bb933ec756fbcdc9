import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { refusal, systemCode } from '../failures.ts'
import { MasterKey } from './master-key.ts'

const mostBytes = 4096
const othersRights = 0o077

/** Reads the keys in a file, one a line; gives nothing where there is no file. Refuses a file that others can read. */
export async function readKeyFile(path: string): Promise<readonly MasterKey[] | undefined> {
  const handle = await openFile(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw refusal(`the master key's file ${path} cannot be read: check that it is a file, and its rights`, error)
  })
  if (handle === undefined) return undefined
  try {
    await assertPrivate(handle, path)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0)
    return parseKeys(buffer.toString('utf8', 0, bytesRead), path)
  } finally {
    await handle.close()
  }
}

/** Reads keys that are separated by commas or lines. */
export function parseKeys(text: string, source: string): readonly MasterKey[] {
  const written = text.split(/[\s,]+/).filter(part => part !== '')
  const keys = written.map(part => MasterKey.parse(part))
  const known = keys.filter(key => key !== undefined)
  if (known.length === keys.length && known.length > 0) return known
  throw refusal(
    `${source} holds no usable master key: give 64 hexadecimal digits, as "openssl rand -hex 32" writes them, or, as ` +
      'DUOLOGUE_MASTER_KEY, the word keychain',
  )
}

async function openFile(path: string): Promise<FileHandle> {
  // Asked first, because opening a pipe waits for somebody who writes.
  if (!(await stat(path)).isFile()) throw new Error('not a file')
  return open(path, 'r')
}

async function assertPrivate(handle: FileHandle, path: string): Promise<void> {
  const { mode } = await handle.stat()
  if (process.platform === 'win32' || (mode & othersRights) === 0) return
  throw refusal(`the master key's file ${path} can be read by others; run: chmod 600 ${path}`)
}
