import { expect, test } from 'vitest'
import { isReproducible, toSamplerConfig } from './sampling.ts'

test('what a request does not say has a default', () => {
  expect(toSamplerConfig({}, 7)).toEqual({ temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05, seed: 7 })
})

test('a temperature of zero takes the likeliest token, whatever the filters', () => {
  expect(toSamplerConfig({ temperature: 0, topK: 5, seed: 1 }, 7)).toEqual({})
})

test('a seed is brought into the range of the native one, and never to its word for random', () => {
  expect(toSamplerConfig({ seed: -1 }, 7).seed).toBe(0)
  expect(toSamplerConfig({ seed: 2 ** 32 + 5 }, 7).seed).toBe(5)
})

test('penalties and biases are passed on, and keys that are no tokens are not', () => {
  const config = toSamplerConfig({ temperature: 0, presencePenalty: 1, logitBias: { 5: -100, '-1': 3, x: 1 } }, 7)
  expect(config).toMatchObject({ repeatPenaltyPresencePenalty: 1, repeatPenaltyFrequencyPenalty: 0 })
  expect(config.tokenBiasKeys).toEqual(Uint32Array.of(5))
  expect(config.tokenBiasValues).toEqual(Float32Array.of(-100))
})

test('greedy and seeded requests are to give the same text again', () => {
  expect([{ temperature: 0 }, { seed: 1 }, { temperature: 1 }, {}].map(isReproducible)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
