import { chooseContext } from '../gguf/memory.ts'
import { readGguf } from '../gguf/read-gguf.ts'

/** How the owner wants models to be run. What is absent is chosen from the model and the memory. */
export interface LoadPreferences {
  /** Prompt and answer together, for each answer that is written at once. */
  readonly contextTokens?: number
  /** How many answers are written at once. */
  readonly slots?: number
  readonly threads?: number
  readonly gpuLayers?: number
  readonly batchTokens: number
  readonly sharedPrefillTokens: number
}

/** How a model will be run. */
export interface LoadPlan {
  readonly contextTokens: number
  readonly slots: number
}

/* Long enough for a coding agent's turns, short enough that several fit beside each other. */
const usualContextTokens = 32_768
const usualSlots = 8

/**
 * Checks a model file and decides how to run it in the memory there is.
 * Throws `unavailable`, naming what is wrong with the file or which numbers do not fit.
 */
export async function planLoad(
  path: string,
  { preferences, availableMemoryBytes }: { preferences: LoadPreferences; availableMemoryBytes: () => number },
): Promise<LoadPlan> {
  const file = await readGguf(path)
  const contextTokens = preferences.contextTokens ?? usualContextTokens
  const { contextTokens: chosen, slots } = chooseContext(file, {
    contextTokens,
    slots: preferences.slots ?? usualSlots,
    batchTokens: preferences.batchTokens,
    availableBytes: availableMemoryBytes(),
    // A context that the owner asked for is not shortened behind their back.
    ...(preferences.contextTokens !== undefined && { leastContextTokens: contextTokens }),
  })
  return { contextTokens: chosen, slots }
}

/** The context that a model is run with where the memory suffices. */
export function contextTokensFor(trained: number, { contextTokens }: Pick<LoadPreferences, 'contextTokens'>): number {
  return Math.min(trained, contextTokens ?? usualContextTokens)
}
