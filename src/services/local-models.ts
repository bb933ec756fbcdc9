import type { InstalledModel, InstalledModels } from '../catalog/installed.ts'
import type { Backend } from '../core/backend.ts'
import type { Capabilities } from '../core/capabilities.ts'
import type { ModelCard } from '../core/model-card.ts'
import type { ModelDirectory } from '../routing/view.ts'

/** The models on this machine, as clients see them and as requests are routed to them. */
export interface LocalModels {
  /** The models as they are at this moment. */
  readonly directory: () => Promise<ModelDirectory>
  readonly cards: () => Promise<readonly ModelCard[]>
}

export interface LocalModelsOptions {
  readonly models: InstalledModels
  /** Who answers for the models on this machine. */
  readonly backend: Backend
  /** Gives the context that a model is run with, for what it was trained for. */
  readonly contextTokens: (model: string, trained: number) => number
}

/** Makes the view of the models on this machine. A model that is pulled while the server runs is there at once. */
export function createLocalModels({ models, backend, contextTokens }: LocalModelsOptions): LocalModels {
  const list = async () =>
    (await models.list()).map(model => toCard(model, trained => contextTokens(model.id, trained)))
  return {
    directory: async () => {
      const cards = new Map((await list()).map(card => [card.id, card]))
      return {
        names: () => [...cards.keys()],
        targets: name => {
          const known = cards.get(name)
          return known ? [{ backend, model: name, capabilities: known.capabilities }] : []
        },
      }
    },
    cards: list,
  }
}

function toCard({ id, addedAt, capabilities }: InstalledModel, contextTokens: (trained: number) => number): ModelCard {
  return {
    id,
    displayName: id,
    createdSeconds: Math.floor(Date.parse(addedAt) / 1000) || 0,
    ownedBy: 'local',
    // What the engine makes of a model, not what the model was trained for.
    capabilities: readsOnly(capabilities) ?? claimsOf(capabilities, contextTokens),
  }
}

/** What a model can do that writes nothing; undefined for one that writes. */
function readsOnly({ embeddings, rerank }: Capabilities): Capabilities | undefined {
  if (embeddings) return { embeddings }
  return rerank ? { rerank } : undefined
}

function claimsOf(capabilities: Capabilities, contextTokens: (trained: number) => number): Capabilities {
  const trained = capabilities.contextTokens
  return {
    ...capabilities,
    ...(trained !== undefined && { contextTokens: contextTokens(trained), maxOutputTokens: contextTokens(trained) }),
    // A model that knows no tools of its own is told of them in words; a grammar holds any to what it must write.
    tools: true,
    structuredOutput: true,
    // The embedded engine shows no pictures to any model.
    vision: false,
  }
}
