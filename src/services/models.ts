import { ModelError } from '../core/errors.ts'
import type { ModelCard } from '../core/model-card.ts'
import type { Circumstances } from '../core/route-rules.ts'
import { unknownModel } from '../routing/plan-route.ts'

/** Which models clients may use. */
export interface ModelsService {
  list(circumstances: Circumstances): Promise<readonly ModelCard[]>
  /** Throws `not-found`, naming the models on this machine. */
  find(id: string, circumstances: Circumstances): Promise<ModelCard>
}

/** Where models are, each as it is at the time of the call. */
export interface ModelSources {
  readonly here: () => Promise<readonly ModelCard[]>
  /** What others serve who may answer somebody. Nobody else is asked for what they serve. */
  readonly elsewhere: (circumstances: Circumstances) => Promise<readonly ModelCard[]>
}

/** Makes the use-case of looking models up. */
export function createModels({ here, elsewhere }: ModelSources): ModelsService {
  const list = async (circumstances: Circumstances): Promise<readonly ModelCard[]> => [
    ...(await here()),
    ...(await elsewhere(circumstances)),
  ]
  return {
    list,
    find: async (id, circumstances) => {
      const local = await here()
      const card = local.find(isIt(id)) ?? (await list(circumstances)).find(isIt(id))
      if (card) return card
      const names = local.map(candidate => candidate.id)
      throw new ModelError('not-found', unknownModel(id, names), { code: 'model-not-found', field: ['model'] })
    },
  }
}

function isIt(id: string): (card: ModelCard) => boolean {
  return card => card.id === id
}
