import { ModelError } from '../core/errors.ts'
import type { InstalledModel } from '../catalog/installed.ts'
import type { AvailableModel, CatalogueDependencies } from './list-models.ts'
import { listAvailable } from './list-models.ts'

/** A model as it is on this machine, or as the catalogue offers it. */
export type ShownModel =
  | { readonly type: 'installed'; readonly model: InstalledModel }
  | { readonly type: 'available'; readonly entry: AvailableModel }

/** Gives what is known of a model, installed or not. Throws `not-found` for a name that is neither. */
export async function showModel(id: string, dependencies: CatalogueDependencies): Promise<ShownModel> {
  const model = await dependencies.models.find(id)
  if (model !== undefined) return { type: 'installed', model }
  const entry = (await listAvailable(dependencies)).find(entry => entry.name === id)
  if (entry !== undefined) return { type: 'available', entry }
  const hint = 'duologue list shows what is here, duologue list --available what can be pulled'
  throw new ModelError('not-found', `there is no model "${id.slice(0, 100)}"; ${hint}`, { code: 'model-not-found' })
}
