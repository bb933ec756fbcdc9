import type { LoadSettings } from '../messages.ts'
import { ContextRefused } from '../load-refusal.ts'
import type { LlamaModel, NativeBindings, NativeContext } from './binding.ts'
import { loadLlama } from './binding.ts'

/** A model file in memory, before it is decided what it is used for. */
export interface OpenedModel {
  readonly bindings: NativeBindings
  readonly model: LlamaModel
  readonly threads: number
}

/** What the package calls the ways to attend. */
export const nativeFlashAttention = { auto: 'auto', on: true, off: false } as const

/** Loads a model file. Throws what the native engine throws; the file must have been validated before. */
export async function openModel(settings: LoadSettings, onProgress: (fraction: number) => void): Promise<OpenedModel> {
  const llama = await loadLlama(settings.packageDirectory)
  const bindings = llama._bindings
  const model = await llama.loadModel({
    modelPath: settings.modelPath,
    gpuLayers: settings.gpuLayers ?? 'auto',
    onLoadProgress: onProgress,
  })
  return { bindings, model, threads: settings.threads ?? Math.max(1, bindings.getMathCores() - 1) }
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
