import { beforeAll, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { serveInProcess } from '../../../test/support/serve-in-process.ts'
import { useTinyModel } from '../../../test/support/use-tiny-model.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import type { CacheBreakpoint } from '../../core/content.ts'
import type { ModelRequest } from '../../core/request.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'

const files = useTinyModel()
let model: LanguageModel

beforeAll(async () => {
  const packageDirectory = await provisionForTests()
  const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  const sizes = { use: 'answers' as const, contextTokens: 1024, slots: 2, batchTokens: 512, threads: 1 }
  model = await loadLanguageModel({ modelPath: files.tiny, packageDirectory, ...sizes, ...computation }, () => {})
})

function conversation(topic: string, cache?: CacheBreakpoint): ModelRequest {
  const text = `The ${topic} is on the table, as it was. `.repeat(12)
  const content = [{ type: 'text', text, ...(cache && { cache }) }] as const
  return { model: 'tiny', system: [], messages: [{ role: 'user', content }], maxTokens: 2 }
}

test.each<[string, CacheBreakpoint, number]>([
  ['five minutes', {}, 300_000],
  ['an hour', { ttl: '1h' }, 3_600_000],
])('what a breakpoint keeps for %s outlives others until then, and from each use on anew', async (_, cache, keptMs) => {
  let nowMs = 1_800_000_000_000
  const served = await serveInProcess(model, {}, { now: () => nowMs })
  const kept = conversation('lamp', cache)
  /** Asks two others, for which there is only one place beside it; gives how much of it is there then. */
  const reusedAfter = async (milliseconds: number): Promise<number> => {
    nowMs += milliseconds
    for (const topic of ['book', 'cup']) await served.ask(conversation(topic))
    return (await served.ask(kept)).report.reusedTokens
  }
  const { promptTokens } = (await served.ask(kept)).report
  expect(await reusedAfter(keptMs - 1)).toBe(promptTokens - 1)
  expect(await reusedAfter(keptMs - 1)).toBe(promptTokens - 1)
  expect(await reusedAfter(keptMs)).toBeLessThan(64)
  await served.end()
})
