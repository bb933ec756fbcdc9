import type { Graphics } from '../messages.ts'
import { loadLlama } from './binding.ts'

/** Asks the native library for the memory of graphics processors; undefined where it uses none. */
export async function surveyGraphics(packageDirectory: string): Promise<Graphics | undefined> {
  const llama = await loadLlama(packageDirectory)
  if (llama.gpu === false || !llama.supportsGpuOffloading) return undefined
  const { total, free, unifiedSize } = await llama.getVramState()
  if (total === 0) return undefined
  return { freeBytes: Math.max(0, free - llama.vramPaddingSize), isUnified: unifiedSize > 0 }
}
