import type { InstalledModel, InstalledModels } from '../catalog/installed.ts'

/** Takes models off this machine, all or none: throws `not-found` before the first where one is unknown. */
export async function removeModels(
  ids: readonly string[],
  { models }: { readonly models: InstalledModels },
): Promise<readonly InstalledModel[]> {
  const wanted = [...new Set(ids)]
  for (const id of wanted) await models.get(id)
  const removed: InstalledModel[] = []
  for (const id of wanted) removed.push(await models.remove(id))
  return removed
}
