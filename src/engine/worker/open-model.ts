import type { LoadSettings } from '../messages.ts'
import { ContextRefused } from '../load-refusal.ts'
import type { LlamaModel, NativeBindings, NativeContext } from './binding.ts'
import { loadLlama } from './binding.ts'
import { chooseThreads } from './step-threads.ts'
import type { ThreadCounts } from './step-threads.ts'

/** A model file in memory, before it is decided what it is used for. */
export interface OpenedModel {
  readonly bindings: NativeBindings
  readonly model: LlamaModel
  readonly threads: ThreadCounts
}

/** What the package calls the ways to attend. */
export const nativeFlashAttention = { auto: 'auto', on: true, off: false } as const

/* The package passes over a type that it does not know, so the spelling matters. */
export const nativeCacheTypes = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const

/** Loads a model file. Throws what the native engine throws; the file must have been validated before. */
export async function openModel(settings: LoadSettings, onProgress: (fraction: number) => void): Promise<OpenedModel> {
  const llama = await loadLlama(settings.packageDirectory)
  const bindings = llama._bindings
  const model = await llama.loadModel({
    modelPath: settings.modelPath,
    ...graphicsLayers(settings),
    onLoadProgress: onProgress,
  })
  return { bindings, model, threads: chooseThreads(settings, bindings.getMathCores()) }
}

/*
 * The package sees what is free of a graphics processor at this moment, and so has the last word; but it must be told
 * of the context for which room is to be left. What it would refuse for want of room then lies in main memory.
 */
function graphicsLayers({
  gpuLayers,
  mostGpuLayers,
  cacheType,
  ...settings
}: LoadSettings): Readonly<Record<string, unknown>> {
  if (gpuLayers !== undefined) return { gpuLayers }
  const fitContext = { contextSize: settings.slots * settings.contextTokens }
  return {
    gpuLayers: mostGpuLayers === undefined ? { fitContext } : { max: mostGpuLayers, fitContext },
    ignoreMemorySafetyChecks: true,
    defaultContextFlashAttention: nativeFlashAttention[settings.flashAttention],
    experimentalDefaultContextKvCacheKeyType: nativeCacheTypes[cacheType],
    experimentalDefaultContextKvCacheValueType: nativeCacheTypes[cacheType],
  }
}

/** Makes a context of a model. Throws `ContextRefused` where the native engine makes none. */
export async function openContext(
  model: LlamaModel,
  options: Readonly<Record<string, unknown>>,
): Promise<NativeContext> {
  try {
    return (await model.createContext(options))._ctx
  } catch (error) {
    throw new ContextRefused(String(error), { cause: error })
  }
}
