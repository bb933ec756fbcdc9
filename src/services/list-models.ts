import type { InstalledModel, InstalledModels, UnfinishedDownload } from '../catalog/installed.ts'
import type { CatalogueEntry } from '../catalog/recommended.ts'
import { catalogue } from '../catalog/recommended.ts'

export type { InstalledModel, UnfinishedDownload }

/** A model of the catalogue, and what stands between it and this machine. */
export interface AvailableModel extends CatalogueEntry {
  readonly isInstalled: boolean
  readonly fitsInMemory: boolean
}

export interface CatalogueDependencies {
  readonly models: InstalledModels
  readonly availableMemoryBytes: number
  readonly entries?: readonly CatalogueEntry[]
}

/** Gives the models on this machine, by name. */
export async function listModels({
  models,
}: Pick<CatalogueDependencies, 'models'>): Promise<readonly InstalledModel[]> {
  return models.list()
}

/** Gives the downloads that were interrupted, or that are under way. */
export async function listUnfinished({
  models,
}: Pick<CatalogueDependencies, 'models'>): Promise<readonly UnfinishedDownload[]> {
  return models.unfinished()
}

/** Names the models whose files are no longer what was installed. */
export async function listDamaged({ models }: Pick<CatalogueDependencies, 'models'>): Promise<readonly string[]> {
  return models.damaged()
}

/** Gives the models of the catalogue, the smallest first. */
export async function listAvailable(dependencies: CatalogueDependencies): Promise<readonly AvailableModel[]> {
  const { models, availableMemoryBytes, entries = catalogue } = dependencies
  const installed = new Set((await models.list()).map(model => model.id))
  return entries.map(entry => ({
    ...entry,
    isInstalled: installed.has(entry.name),
    fitsInMemory: entry.minimumMemoryBytes <= availableMemoryBytes,
  }))
}
