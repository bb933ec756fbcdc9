import type { Backend } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelRequest } from '../core/request.ts'

/** One place that can answer: a backend, and the name that it knows the model by. */
export interface Target {
  readonly backend: Backend
  readonly model: string
}

/** Where a request may go, best first; never empty. */
export interface RoutePlan {
  readonly targets: readonly Target[]
}

/** Which models exist, and who serves them. */
export interface ModelDirectory {
  /** Gives the targets that serve a name or an alias, best first; none for an unknown one. */
  targets(name: string): readonly Target[]
  /** The names that a client may be told of. */
  names(): readonly string[]
}

const namesTold = 10
const lettersTold = 200

/** Decides where a request may go. Throws `not-found` for a model that nobody serves, naming those that exist. */
export function planRoute(request: Pick<ModelRequest, 'model'>, directory: ModelDirectory): RoutePlan {
  const targets = directory.targets(request.model)
  if (targets.length > 0) return { targets }
  throw new ModelError('not-found', unknownModel(request.model, directory.names()), {
    code: 'model-not-found',
    field: ['model'],
  })
}

/** Says that a model does not exist, and which do. */
export function unknownModel(model: string, names: readonly string[]): string {
  const asked = JSON.stringify(model.length > lettersTold ? `${model.slice(0, lettersTold)}…` : model)
  if (names.length === 0) return `model: ${asked} does not exist; no model is installed, \`duologue pull\` gets one`
  const told = names.slice(0, namesTold).map(name => JSON.stringify(name))
  const more = names.length > namesTold ? ` and ${names.length - namesTold} more, see GET /v1/models` : ''
  return `model: ${asked} does not exist; use ${told.join(', ')}${more}`
}
