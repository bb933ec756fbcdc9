import type { Config } from './config/config.ts'
import type { LoadPreferences, ModelPreferences } from './engine/load-plan.ts'

/** How the owner wants a model to be run: what holds for all models, under what is said of this one. */
export function preferencesOf(config: Config): (model: string) => LoadPreferences {
  const forAll = preferencesForAll(config)
  return model => ({ ...forAll, ...ownPreferences(model, config) })
}

/** Says which models are named that are not there: a name that is mistyped would do nothing. */
export function unusedPreferences({ adapters }: Config, models: readonly { readonly id: string }[]): readonly string[] {
  const known = new Set(models.map(({ id }) => id))
  const unknown = adapters.map(({ model }) => model).filter(model => !known.has(model))
  return [...new Set(unknown)].map(
    model => `--lora names the model ${JSON.stringify(model)}, which is not on this machine yet`,
  )
}

function ownPreferences(model: string, { adapters }: Config): ModelPreferences {
  return { adapters: adapters.filter(adapter => adapter.model === model) }
}

function preferencesForAll(config: Config): LoadPreferences {
  const { contextTokens, slots, threads, gpuLayers, cacheType, flashAttention, slowdown } = config
  return {
    batchTokens: 512,
    slowdown,
    cacheType,
    flashAttention,
    ...(contextTokens !== undefined && { contextTokens }),
    ...(slots !== undefined && { slots }),
    ...(threads !== undefined && { threads }),
    ...(gpuLayers !== undefined && { gpuLayers }),
  }
}
