import { createReadStream } from 'node:fs'
import { copyFile, lstat, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Pin } from './lane.ts'

/** What is known of a conversation that was written away. */
export interface Archived {
  readonly id: string
  readonly tokens: Uint32Array
  readonly bulkTokens: number
  pins: readonly Pin[]
  readonly sizeBytes: number
  /** Milliseconds since 1970. */
  lastUsedMs: number
}

/** What stands beside an archived state: with it the state is whole. */
interface Label extends Omit<Archived, 'tokens'> {
  readonly version: 1
  readonly tokenCount: number
  readonly checksum: number
}

const stateName = /^([0-9a-f]{32})\.state$/
const ownName = /^[0-9a-f]{32}\.(state|json|part)$/
const version = 1
const mostLabelBytes = 65_536

/** Gives the path of an archived state. */
export function statePath(directory: string, id: string): string {
  return join(directory, `${id}.state`)
}

function labelPath(directory: string, id: string): string {
  return join(directory, `${id}.json`)
}

/** Labels a state that was written; only from then on does another process find it. */
export async function label(directory: string, entry: Archived): Promise<void> {
  const { tokens, ...known } = entry
  const checksum = await checksumOf(statePath(directory, entry.id))
  const text: Label = { ...known, version, tokenCount: tokens.length, checksum }
  const part = join(directory, `${entry.id}.part`)
  await writeFile(part, JSON.stringify(text), { mode: 0o600 })
  await rename(part, labelPath(directory, entry.id))
}

/** Copies a state with its label. Throws what the system throws, and leaves nothing behind then. */
export async function copyState(
  entry: Archived,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const part = join(to, `${entry.id}.part`)
  try {
    await copyFile(statePath(from, entry.id), part)
    await rename(part, statePath(to, entry.id))
    await label(to, entry)
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  }
}

export async function removeState(directory: string, id: string): Promise<void> {
  await rm(labelPath(directory, id), { force: true })
  await rm(statePath(directory, id), { force: true })
}

/** Reads what a folder holds. What is incomplete, foreign or changed is removed, as far as its name is one of ours. */
export async function readFolder(directory: string, mostTokens: number): Promise<readonly Archived[]> {
  const names = await readdir(directory)
  const ids = names.flatMap(name => stateName.exec(name)?.[1] ?? [])
  const entries: Archived[] = []
  for (const id of ids) {
    const entry = await readEntry(directory, id, mostTokens)
    if (entry) entries.push(entry)
  }
  const whole = new Set(entries.flatMap(({ id }) => [`${id}.state`, `${id}.json`]))
  for (const name of names) {
    if (ownName.test(name) && !whole.has(name)) await rm(join(directory, name), { force: true })
  }
  return entries
}

async function readEntry(directory: string, id: string, mostTokens: number): Promise<Archived | undefined> {
  try {
    const known = await readLabel(directory, id)
    if (!known || known.tokenCount > mostTokens) return undefined
    const { version: _version, tokenCount, checksum: _checksum, ...rest } = known
    if (!(await hasSize(statePath(directory, id), known.sizeBytes))) return undefined
    const tokens = await readTokens(statePath(directory, id), tokenCount)
    return tokens && { ...rest, tokens }
  } catch {
    return undefined
  }
}

/* What llama.cpp writes begins with its mark, a version and the tokens, each a 32-bit number. */
const nativeMark = 0x67677371
const headBytes = 12

async function readTokens(path: string, tokenCount: number): Promise<Uint32Array | undefined> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.alloc(headBytes + tokenCount * 4)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    const isSound =
      bytesRead === bytes.length && bytes.readUInt32LE(0) === nativeMark && bytes.readUInt32LE(8) === tokenCount
    if (!isSound) return undefined
    return Uint32Array.from({ length: tokenCount }, (_, index) => bytes.readUInt32LE(headBytes + index * 4))
  } finally {
    await file.close()
  }
}

async function readLabel(directory: string, id: string): Promise<Label | undefined> {
  const path = labelPath(directory, id)
  const found = await lstat(path)
  // To open what is no file may take forever.
  if (!found.isFile() || found.size > mostLabelBytes) return undefined
  const known: unknown = JSON.parse(await readFile(path, 'utf8'))
  return isLabel(known) && known.id === id ? known : undefined
}

async function hasSize(path: string, bytes: number): Promise<boolean> {
  try {
    const found = await lstat(path)
    return found.isFile() && found.size === bytes
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** What is known of who wrote a state, and where it lies. */
interface Trust {
  readonly isOwn: boolean
  readonly isInMemory: boolean
}

/**
 * Whether a state is what was written; the system has it in memory then. What this process wrote is not compared.
 * Throws what the system throws where it cannot be read.
 */
export async function isSound(
  directory: string,
  { id, sizeBytes }: Archived,
  { isOwn, isInMemory }: Trust,
): Promise<boolean> {
  const path = statePath(directory, id)
  if (!(await hasSize(path, sizeBytes))) return false
  if (!isOwn) return isUnchanged(directory, id)
  if (!isInMemory) await checksumOf(path)
  return true
}

async function isUnchanged(directory: string, id: string): Promise<boolean> {
  const checksum = await checksumOf(statePath(directory, id))
  const known = await readLabel(directory, id).catch(() => undefined)
  return known?.checksum === checksum
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function checksumOf(path: string): Promise<number> {
  let sum = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- a file without an encoding is read as bytes
    sum = crc32(chunk as Buffer, sum)
  }
  return sum
}

function isLabel(value: unknown): value is Label {
  if (typeof value !== 'object' || value === null) return false
  const fields = ['tokenCount', 'bulkTokens', 'sizeBytes', 'lastUsedMs', 'checksum'] as const
  const numbers = new Map(Object.entries(value))
  return (
    numbers.get('version') === version &&
    typeof numbers.get('id') === 'string' &&
    fields.every(field => isCount(numbers.get(field))) &&
    isPins(numbers.get('pins'))
  )
}

function isPins(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (pin: unknown) =>
        typeof pin === 'object' &&
        pin !== null &&
        ['tokens', 'keepForMs', 'untilMs'].every(field =>
          isCount(Object.entries(pin).find(([key]) => key === field)?.[1]),
        ),
    )
  )
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
