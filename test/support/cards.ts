import type { ModelCard } from '../../src/core/model-card.ts'

/** A model as the server tells of it. */
export function card(id: string): ModelCard {
  return {
    id,
    displayName: `Model ${id}`,
    createdSeconds: 1_790_000_000,
    ownedBy: 'duologue',
    capabilities: { contextTokens: 8192, maxOutputTokens: 4096 },
  }
}
