import { expect, test } from 'vitest'
import { runMatrix } from '../support/faults/matrix.ts'
import { sourceOf } from '../support/faults/sources.ts'
import { providerKey } from '../support/serve-providers.ts'

const sources = [
  await sourceOf('anthropic-messages', 'anthropic-tools.1'),
  await sourceOf('openai-chat', 'openai-tools.1'),
  await sourceOf('openai-chat', 'deepseek-reasoner.1'),
  await sourceOf('openai-responses', 'openai-reasoning.1'),
]

const healthy = [
  await sourceOf('anthropic-messages', 'anthropic-text.1'),
  await sourceOf('openai-chat', 'openai-text.1'),
  await sourceOf('openai-responses', 'openai-parallel-tools.1'),
]

test('whatever breaks at whichever event, clients are answered by the next target or told once, and upstreams are spared', async () => {
  const { faults, cases, outcomes, amplification, told } = await runMatrix({ sources, healthy, everyWhole: 3 })
  expect(faults).toEqual([])
  expect(cases).toBeGreaterThan(1000)
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(20)
  expect(amplification).toBeLessThanOrEqual(1.2)
  expect(amplification).toBeGreaterThan(1)
  expect(told).not.toContain(providerKey)
})

test('a client that has its headers before there is an answer is told in its stream', async () => {
  const { faults, cases } = await runMatrix({ sources, healthy, headersAfterMs: 0, every: 9 })
  expect(faults).toEqual([])
  expect(cases).toBeGreaterThan(100)
})
