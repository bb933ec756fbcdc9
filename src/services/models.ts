import { ModelError } from '../core/errors.ts'
import type { ModelCard } from '../core/model-card.ts'
import { unknownModel } from '../routing/plan-route.ts'

/** Which models clients may use. */
export interface ModelsService {
  list(): Promise<readonly ModelCard[]>
  /** Throws `not-found`, naming the models that exist. */
  find(id: string): Promise<ModelCard>
}

/** Makes the use-case of looking models up. `cards` gives them as they are at the time of each call. */
export function createModels(cards: () => Promise<readonly ModelCard[]>): ModelsService {
  return {
    list: cards,
    find: async id => {
      const all = await cards()
      const card = all.find(candidate => candidate.id === id)
      if (card) return card
      const names = all.map(candidate => candidate.id)
      throw new ModelError('not-found', unknownModel(id, names), { code: 'model-not-found', field: ['model'] })
    },
  }
}
