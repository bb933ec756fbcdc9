import type { InstalledModels, UnfinishedDownload } from '../catalog/installed.ts'

/** What was taken off the disk: a model, or the beginning of one. */
export interface Removed {
  readonly id: string
  readonly sizeBytes: number
  readonly isUnfinished: boolean
}

/**
 * Takes models, what is left of damaged ones, or interrupted downloads of them, off this machine: all or none. Throws `not-found` before the first
 * where one is neither.
 */
export async function removeModels(
  ids: readonly string[],
  { models }: { readonly models: InstalledModels },
): Promise<readonly Removed[]> {
  const parts = new Map((await models.unfinished()).map(part => [part.id, part]))
  const damaged = await models.damaged()
  const wanted = [...new Set(ids)]
  for (const id of wanted) if (!parts.has(id) && !damaged.includes(id)) await models.get(id)
  const removed: Removed[] = []
  for (const id of wanted) {
    const isDamaged = damaged.includes(id)
    removed.push(isDamaged ? await removeDamaged(id, models) : await removeOne(id, parts.get(id), models))
  }
  return removed
}

async function removeDamaged(id: string, models: InstalledModels): Promise<Removed> {
  return { id, sizeBytes: await models.removeDamaged(id), isUnfinished: false }
}

async function removeOne(id: string, part: UnfinishedDownload | undefined, models: InstalledModels): Promise<Removed> {
  if (part !== undefined) await models.discard(part)
  if (part !== undefined && (await models.find(id)) === undefined)
    return { id, sizeBytes: part.sizeBytes, isUnfinished: true }
  const { sizeBytes } = await models.remove(id)
  return { id, sizeBytes, isUnfinished: false }
}
