import type { Ranking, RerankRequest } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelCard } from '../core/model-card.ts'
import { rankingDemand } from '../routing/demand.ts'
import { askAble } from './ask-able.ts'
import type { RoutingMeans } from './record-attempts.ts'
import type { RoutedCall } from './routed-call.ts'

/** Says how well documents answer a query. Throws a `ModelError`. */
export type RerankService = (request: RerankRequest, call: RoutedCall) => Promise<Ranking>

export interface RerankOptions extends RoutingMeans {
  /** Gives the models that clients may be told of. */
  readonly cards: () => Promise<readonly ModelCard[]>
}

/** Makes the use-case of ranking. Who asks a model that cannot is told which can. */
export function createRerank({ cards, ...routing }: RerankOptions): RerankService {
  const ask = askAble<RerankRequest, Ranking>(routing, {
    demandOf: rankingDemand,
    of: backend => backend.rerank?.bind(backend),
    otherwise: { lacking: 'that ranks nothing; choose another model' },
  })
  return async (request, call) => {
    try {
      return await ask(request, call)
    } catch (error) {
      throw isWrongModel(error) ? namingOthers(error, await cards()) : error
    }
  }
}

const namesTold = 10

function isWrongModel(error: unknown): error is ModelError {
  return error instanceof ModelError && error.kind === 'invalid-request' && error.field?.[0] === 'model'
}

function namingOthers(error: ModelError, cards: readonly ModelCard[]): ModelError {
  const names = cards.filter(({ capabilities }) => capabilities.rerank).map(({ id }) => JSON.stringify(id))
  const able =
    names.length > 0
      ? `these models rank: ${names.slice(0, namesTold).join(', ')}`
      : 'none of the models here ranks documents; get one that does with `duologue pull`'
  return new ModelError(error.kind, `${error.message}; ${able}`, {
    cause: error,
    field: ['model'],
    ...(error.code && { code: error.code }),
  })
}
