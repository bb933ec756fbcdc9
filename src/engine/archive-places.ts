import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprint } from './fingerprint.ts'
import type { ArchivePlace, ArchivePlaces, Computation } from './messages.ts'
import { within } from './within.ts'

/** Where conversations may be written away, and how much of each. */
export interface ArchiveOptions {
  /** The server's data folder. */
  readonly dataDirectory: string
  /** The folder that lies in memory, where the system has one. */
  readonly memoryDirectory?: string
  /** Absent means what the machine can spare; zero means none. */
  readonly memoryBytes?: number
  readonly diskBytes?: number
}

/** What a state is good for: one model file, read by one engine that computes in one way. */
export interface ArchiveKey extends Computation {
  readonly modelPath: string
  readonly packageDirectory: string
}

const gibibyte = 1024 ** 3
const usualMost = { memory: 8 * gibibyte, disk: 32 * gibibyte } as const

/** Opens the places of models' conversations. */
export interface PlaceOpener {
  /** Gives the folders for one model's, made if they are not there. A place that cannot be had is left out. */
  open(key: ArchiveKey): Promise<ArchivePlaces>
  /** A process hung with a file: the disk is left alone for a while. */
  noteStuck(): void
}

/* Long enough for somebody to look after a disk. */
const stuckRestMs = 10 * 60_000

/** Makes an opener over a clock that never goes back. */
export function createPlaceOpener(options: ArchiveOptions, now: () => number): PlaceOpener {
  let stuckUntil = -Infinity
  return {
    open: key => openPlaces(now() < stuckUntil ? { ...options, diskBytes: 0 } : options, key),
    noteStuck: () => {
      stuckUntil = now() + stuckRestMs
    },
  }
}

async function openPlaces(options: ArchiveOptions, key: ArchiveKey): Promise<ArchivePlaces> {
  const name = await nameOf(key)
  const { dataDirectory, memoryDirectory, memoryBytes, diskBytes } = options
  const memory =
    memoryDirectory === undefined
      ? undefined
      : await openPlace({ root: memoryDirectory, name, wished: memoryBytes, usualMost: usualMost.memory })
  const root = join(dataDirectory, 'cache', 'kv')
  const disk = await openPlace({ root, name, wished: diskBytes, usualMost: usualMost.disk })
  return { ...(memory && { memory }), ...(disk && { disk }) }
}

/** The folder in memory that is this user's own. Only Linux has one. */
export function memoryFolder(platform: NodeJS.Platform, userId: number | undefined): string | undefined {
  return platform === 'linux' && userId !== undefined ? `/dev/shm/duologue-${userId}` : undefined
}

interface WishedPlace {
  readonly root: string
  readonly name: string
  readonly wished: number | undefined
  readonly usualMost: number
}

/* A model that is to be loaded waits for it. */
const longestOpeningMs = 5000

async function openPlace(place: WishedPlace): Promise<ArchivePlace | undefined> {
  if (place.wished === 0) return undefined
  return within(makePlace(place), longestOpeningMs).catch(() => undefined)
}

async function makePlace({ root, name, wished, usualMost }: WishedPlace): Promise<ArchivePlace> {
  await makePrivate(root)
  const directory = join(root, name)
  await makePrivate(directory)
  // Whole folders of large files can take their time, and nobody needs them gone.
  void removeAbandoned(root, name).catch(() => {})
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  // A wish is bounded by what is there: a full disk would fail others than us.
  return { directory, maxBytes: Math.floor(Math.min(wished ?? Math.min(usualMost, free / 10), free / 2)) }
}

/* Others may have made a folder of this name before us, in a place where everyone may write. */
async function makePrivate(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const { uid } = await lstat(directory).then(found => {
    if (!found.isDirectory()) throw new Error(`${directory} is no folder`)
    return found
  })
  if (process.getuid && uid !== process.getuid()) throw new Error(`${directory} is another user's`)
  await chmod(directory, 0o700)
}

const folderName = /^[0-9a-f]{32}$/
const abandonedAfterMs = 7 * 24 * 3_600_000

/* A model that is no longer here, or another version of the engine, asks for its folder never again. */
async function removeAbandoned(root: string, own: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!folderName.test(name) || name === own) continue
    const { mtimeMs } = await stat(join(root, name))
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(join(root, name), { recursive: true, force: true })
  }
}

/* A state fits the tensors that made it, as this build of the engine computes with them. */
async function nameOf({
  modelPath,
  packageDirectory,
  cacheType,
  flashAttention,
  adapters,
}: ArchiveKey): Promise<string> {
  const added = await Promise.all(adapters.map(async ({ path, scale }) => [await fingerprint(path), scale]))
  const how = [packageDirectory, cacheType, flashAttention, await fingerprint(modelPath), added]
  return createHash('sha256').update(JSON.stringify(how)).digest('hex').slice(0, 32)
}
