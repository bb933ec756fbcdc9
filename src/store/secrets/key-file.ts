import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { refusal, systemCode } from '../failures.ts'
import { MasterKey } from './master-key.ts'

const mostBytes = 4096
const othersRights = 0o077

/** Reads the keys in a file, one a line; gives nothing where there is no file. Refuses a file that others can read. */
export async function readKeyFile(path: string): Promise<readonly MasterKey[] | undefined> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw refusal(`the master key's file ${path} cannot be read: check its rights`, error)
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
    `${source} holds no usable master key: give 64 hexadecimal digits, as "openssl rand -hex 32" writes them`,
  )
}

/** Writes a key where there is none yet, and gives the key that is there then: another process may have been faster. */
export async function createKeyFile(path: string): Promise<MasterKey> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = await writeDraft(path, [MasterKey.random()])
  try {
    // Unlike a rename, a link never replaces a file.
    await link(draft, path)
    await syncFolder(dirname(path))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  const [key] = (await readKeyFile(path)) ?? []
  if (key === undefined) throw refusal(`the master key's file ${path} was removed while it was made; try again`)
  return key
}

/** Puts keys in the place of those in a file: a crash leaves the old ones or the new ones. */
export async function replaceKeyFile(path: string, keys: readonly MasterKey[]): Promise<void> {
  await rename(await writeDraft(path, keys), path)
  await syncFolder(dirname(path))
}

async function writeDraft(path: string, keys: readonly MasterKey[]): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(keys.map(key => `${key.reveal()}\n`).join(''))
    await handle.sync()
  } finally {
    await handle.close()
  }
  return draft
}

async function assertPrivate(handle: FileHandle, path: string): Promise<void> {
  const { mode } = await handle.stat()
  if (process.platform === 'win32' || (mode & othersRights) === 0) return
  throw refusal(`the master key's file ${path} can be read by others; run: chmod 600 ${path}`)
}

/* So that a new name in it is not lost in a power cut. Some systems do not sync folders. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
