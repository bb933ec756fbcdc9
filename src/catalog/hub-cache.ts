import { readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { HubFile } from './hub.ts'
import { hubCacheFolder } from './hub.ts'

const commit = /^[0-9a-f]{40}$/

/**
 * Gives the path of a file that the hub's own client has already downloaded, or nothing. The path is the real one,
 * inside the repository's folder of the cache.
 */
export async function findInHubCache(cacheDirectory: string, source: HubFile): Promise<string | undefined> {
  try {
    const folder = await realpath(hubCacheFolder(cacheDirectory, source))
    const revision = await resolveRevision(folder, source.revision)
    const path = await realpath(join(folder, 'snapshots', revision, ...source.file.split('/')))
    const isInside = path.startsWith(folder + sep)
    return isInside && (await stat(path)).isFile() ? path : undefined
  } catch {
    // A cache without the file is the usual case; one that cannot be read is no better.
    return undefined
  }
}

async function resolveRevision(folder: string, revision: string): Promise<string> {
  if (commit.test(revision)) return revision
  const named = (await readFile(join(folder, 'refs', ...revision.split('/')), 'utf8')).trim()
  if (!commit.test(named)) throw new Error('the cache names no commit')
  return named
}

/** Gives the checksum that the cache itself states: the name under which the client keeps a large file. */
export function checksumOfBlob(path: string): string | undefined {
  return /[\\/]blobs[\\/]([0-9a-f]{64})$/.exec(path)?.[1]
}
