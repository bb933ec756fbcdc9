import type { Config, Snapshot } from './config/config.ts'
import type { ModelSettings } from './config/model-settings.ts'
import type { LoadPreferences, ModelPreferences } from './engine/load-plan.ts'

/** How the owner wants a model to be run: what holds for all models, under what is said of this one. */
export function preferencesOf(model: string, snapshot: Snapshot): LoadPreferences {
  return { ...preferencesForAll(snapshot.config), ...ownPreferences(model, snapshot) }
}

/** Says which models are named that are not there: a name that is mistyped would do nothing. */
export function unusedPreferences({ adapters }: Config, models: readonly { readonly id: string }[]): readonly string[] {
  const known = new Set(models.map(({ id }) => id))
  const unknown = adapters.map(({ model }) => model).filter(model => !known.has(model))
  return [...new Set(unknown)].map(
    model => `--lora names the model ${JSON.stringify(model)}, which is not on this machine yet`,
  )
}

function ownPreferences(model: string, { config, rules }: Snapshot): ModelPreferences {
  const given = config.adapters.filter(adapter => adapter.model === model)
  const own: Partial<ModelSettings> = rules.models.find(entry => entry.model === model) ?? {}
  const { adapters = [], contextTokens, slots, threads, promptThreads, gpuLayers, cacheType, flashAttention } = own
  return {
    // Flags and variables go before the file.
    adapters: given.length > 0 ? given : adapters,
    ...(contextTokens !== undefined && { contextTokens }),
    ...(slots !== undefined && { slots }),
    ...(threads !== undefined && { threads }),
    ...(promptThreads !== undefined && { promptThreads }),
    ...(gpuLayers !== undefined && { gpuLayers }),
    ...(cacheType !== undefined && { cacheType }),
    ...(flashAttention !== undefined && { flashAttention }),
  }
}

function preferencesForAll(config: Config): LoadPreferences {
  const { contextTokens, slots, threads, promptThreads, gpuLayers, cacheType, flashAttention, slowdown, pace } = config
  return {
    batchTokens: 512,
    pacing: { slowdown, isEven: pace === 'even' },
    cacheType,
    flashAttention,
    ...(contextTokens !== undefined && { contextTokens }),
    ...(slots !== undefined && { slots }),
    ...(threads !== undefined && { threads }),
    ...(promptThreads !== undefined && { promptThreads }),
    ...(gpuLayers !== undefined && { gpuLayers }),
  }
}
