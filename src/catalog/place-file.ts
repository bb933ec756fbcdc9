import { constants } from 'node:fs'
import { copyFile, link, open, rm } from 'node:fs/promises'
import { errorCode } from '../network/unreachable.ts'

const cannotLink: ReadonlySet<string> = new Set([
  'EXDEV',
  'EPERM',
  'EACCES',
  'EMLINK',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
])

/**
 * Puts a file of this machine under a second name: as a hard link, which takes no room, or as a copy where the
 * file system does not allow that (a copy that shares its blocks, if it can).
 */
export async function placeFile(from: string, to: string): Promise<void> {
  await rm(to, { force: true })
  try {
    await link(from, to)
  } catch (error) {
    if (!cannotLink.has(errorCode(error))) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await syncPath(to)
  }
}

/** Waits until a file, or the names in a folder, are on the disk for good. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some systems do not sync folders; the file itself was synced before.
    if (!['EISDIR', 'EPERM', 'EINVAL'].includes(errorCode(error))) throw error
  } finally {
    await handle.close()
  }
}
