import type { Sampling } from '../../core/request.ts'
import type { SamplerConfig } from './binding.ts'

/*
 * What an absent setting means: the defaults of llama.cpp's server, which small local models are tuned for.
 * A client that asks for `top_k: 0` or `min_p: 0` switches the filter off.
 */
const defaults = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 } as const

const penaltyWindowTokens = 64

const isToken = /^\d{1,9}$/

/** Puts a request's sampling into the native sampler's terms. `seed` is used where the request has none. */
export function toSamplerConfig(sampling: Sampling, seed: number): SamplerConfig {
  const temperature = sampling.temperature ?? defaults.temperature
  return {
    ...(temperature > 0 && {
      temperature,
      topK: sampling.topK ?? defaults.topK,
      topP: sampling.topP ?? defaults.topP,
      minP: sampling.minP ?? defaults.minP,
      seed: toNativeSeed(sampling.seed ?? seed),
    }),
    ...penalties(sampling),
    ...bias(sampling.logitBias),
  }
}

/** Whether the same request must give the same text again. */
export function isReproducible({ temperature, seed }: Sampling): boolean {
  return temperature === 0 || seed !== undefined
}

/* The native seed is an unsigned 32-bit number whose largest value means "random". */
function toNativeSeed(seed: number): number {
  return (seed >>> 0) % 0xffff_ffff
}

function penalties({ frequencyPenalty, presencePenalty }: Sampling): SamplerConfig {
  if (!frequencyPenalty && !presencePenalty) return {}
  return {
    repeatPenalty: 1,
    repeatPenaltyMaxTokens: penaltyWindowTokens,
    repeatPenaltyTokens: new Uint32Array(0),
    repeatPenaltyFrequencyPenalty: frequencyPenalty ?? 0,
    repeatPenaltyPresencePenalty: presencePenalty ?? 0,
  }
}

function bias(logitBias: Sampling['logitBias']): SamplerConfig {
  const entries = Object.entries(logitBias ?? {}).filter(([token]) => isToken.test(token))
  if (entries.length === 0) return {}
  return {
    tokenBiasKeys: Uint32Array.from(entries, ([token]) => Number(token)),
    tokenBiasValues: Float32Array.from(entries, ([, value]) => value),
  }
}
