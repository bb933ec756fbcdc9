import type { GgufFile } from '../gguf/gguf-file.ts'
import type { CacheType } from '../gguf/memory.ts'
import { refusal } from '../gguf/refusal.ts'

/** Whether attention is computed piece by piece, without its whole matrix: `auto` does so wherever the engine can. */
export type FlashAttention = 'auto' | 'on' | 'off'

/** How a model attends to what it has read. */
export interface Attention {
  readonly cacheType?: CacheType
  readonly flashAttention?: FlashAttention
}

/* The engine computes Grok's attention only as a whole, whatever it is told. */
const withoutFlashAttention: ReadonlySet<string> = new Set(['grok'])

export function usesFlashAttention({ shape }: GgufFile, { flashAttention = 'auto' }: Attention): boolean {
  return flashAttention !== 'off' && !withoutFlashAttention.has(shape.architecture)
}

/* The engine stores keys and values that are not `f16` in blocks of so many numbers of one head. */
const blockNumbers = 32

/**
 * Refuses what the engine would refuse without a reason: values can be stored in blocks only where flash attention reads
 * them, and only heads that are made of whole blocks.
 */
export function requireStorable(file: GgufFile, attention: Attention): void {
  const { cacheType = 'f16' } = attention
  if (cacheType === 'f16') return
  const { keyLength, valueLength, architecture } = file.shape
  const cannot = `cannot keep its keys and values as ${cacheType}`
  if (attention.flashAttention === 'off') {
    throw refusal(file.path, `${cannot} without flash attention; set that to auto, or the kv cache to f16`)
  }
  if (!usesFlashAttention(file, attention)) {
    throw refusal(
      file.path,
      `${cannot}, as ${architecture} models run without flash attention; set the kv cache to f16`,
    )
  }
  const odd = [keyLength, valueLength].find(length => length % blockNumbers !== 0)
  if (odd !== undefined) {
    throw refusal(
      file.path,
      `${cannot}: its heads have ${odd} numbers, no multiple of ${blockNumbers}; set the kv cache to f16`,
    )
  }
}
