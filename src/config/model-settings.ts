import * as z from 'zod'
import { durationOrNever } from './quantities.ts'
import { rename } from './rename.ts'
import { number, oneOf, wholeNumber, words, yes } from './values.ts'

/** What the owner says of one model. Where it is silent, what holds for all models applies. */
export interface ModelSettings {
  readonly model: string
  readonly contextTokens?: number
  readonly slots?: number
  readonly threads?: number
  readonly promptThreads?: number
  readonly gpuLayers?: number
  readonly cacheType?: 'f16' | 'q8_0' | 'q4_0'
  readonly flashAttention?: 'auto' | 'on' | 'off'
  readonly adapters?: readonly LoraAdapter[]
  /** How long it stays loaded without requests; infinite for `never`. */
  readonly keepAliveMs?: number
  /** Whether it is loaded before the first request and never unloaded. */
  readonly isPinned?: boolean
  /** Whether it is loaded before the first request. */
  readonly isExpected?: boolean
}

/** A small file of changes to a model's weights, and how strongly they apply. */
export interface LoraAdapter {
  readonly path: string
  readonly scale: number
}

const mostAdapters = 16

const lora = z.strictObject({
  path: words.describe('a GGUF file; a relative path begins at the configuration file’s folder'),
  scale: number(-100, 100).default(1),
})

/** One entry of `models`. */
export const modelSchema = z
  .strictObject({
    context: wholeNumber(1, 16_777_216).exactOptional(),
    slots: wholeNumber(1, 64).exactOptional(),
    threads: wholeNumber(1, 1024).exactOptional(),
    'prompt-threads': wholeNumber(1, 1024).exactOptional(),
    'gpu-layers': wholeNumber(0, 10_000).exactOptional(),
    'kv-cache': oneOf('f16', 'q8_0', 'q4_0').exactOptional(),
    'flash-attention': oneOf('auto', 'on', 'off').exactOptional(),
    lora: z.array(lora).max(mostAdapters, `at most ${mostAdapters} are possible`).exactOptional(),
    'keep-alive': durationOrNever.exactOptional(),
    pin: yes.exactOptional(),
    load: yes.exactOptional(),
  })
  .transform(value =>
    rename(value, {
      context: 'contextTokens',
      'prompt-threads': 'promptThreads',
      'gpu-layers': 'gpuLayers',
      'kv-cache': 'cacheType',
      'flash-attention': 'flashAttention',
      lora: 'adapters',
      'keep-alive': 'keepAliveMs',
      pin: 'isPinned',
      load: 'isExpected',
    }),
  )
