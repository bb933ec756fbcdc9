import { statfs } from 'node:fs/promises'
import { formatBytes } from '../core/bytes.ts'
import { ModelError } from '../core/errors.ts'
import type { CatalogueEntry } from './recommended.ts'

/** Kept free on the disk, so that a download does not bring the machine to a stop. */
const spareDiskBytes = 256 * 1024 ** 2
/** What a model needs beyond its file, where only the size is known: a small context and working memory. */
const workingFactor = 1.1
const workingBytes = 300 * 1024 ** 2
const suggested = 3

export interface DiskNeed {
  readonly directory: string
  readonly neededBytes: number
  readonly name: string
}

/** Throws where the disk has no room for a file. */
export async function checkDisk({ directory, neededBytes, name }: DiskNeed): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  const availableBytes = bavail * bsize
  if (neededBytes + spareDiskBytes <= availableBytes) return
  const need = `${name} needs ${formatBytes(neededBytes + spareDiskBytes)} of disk in ${directory}`
  throw new ModelError(
    'too-large',
    `${need}, ${formatBytes(availableBytes)} available; free some space or remove a model`,
  )
}

export interface MemoryNeed {
  readonly name: string
  readonly neededBytes: number
  readonly availableBytes: number
  readonly catalogue: readonly CatalogueEntry[]
}

/** Throws where a model will not fit in memory, naming models that do. */
export function checkMemory(need: MemoryNeed): void {
  if (need.neededBytes <= need.availableBytes) return
  const numbers = `${need.name} needs ${formatBytes(need.neededBytes)} of memory, ${formatBytes(need.availableBytes)} available`
  const names = fittingNames(need)
  const hint = names.length > 0 ? `try ${names.join(', ')}; ` : ''
  throw new ModelError('too-large', `${numbers}; ${hint}--force pulls it all the same`)
}

/** Gives what a model needs in memory when nothing but the length of its file is known. */
export function estimateMemoryBytes(fileBytes: number): number {
  return Math.ceil(fileBytes * workingFactor + workingBytes)
}

/** Names the largest models of the catalogue that fit. */
function fittingNames({ catalogue, availableBytes, name }: MemoryNeed): readonly string[] {
  return catalogue
    .filter(entry => entry.minimumMemoryBytes <= availableBytes && entry.name !== name)
    .sort((a, b) => b.minimumMemoryBytes - a.minimumMemoryBytes)
    .slice(0, suggested)
    .map(entry => entry.name)
}
