import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { serveInProcess } from '../../../test/support/serve-in-process.ts'
import type { OpenAnswer, ServedAnswer } from '../../../test/support/serve-in-process.ts'
import { useTinyModel } from '../../../test/support/use-tiny-model.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import type { ModelRequest } from '../../core/request.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'

const files = useTinyModel()
let model: LanguageModel

beforeAll(async () => {
  const packageDirectory = await provisionForTests()
  const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
  const sizes = { use: 'answers' as const, contextTokens: 2048, slots: 3, batchTokens: 64, threads: 1 }
  model = await loadLanguageModel({ modelPath: files.tiny, packageDirectory, ...sizes, ...computation }, () => {})
})

function about(topic: string, more: Partial<ModelRequest> = {}): ModelRequest {
  const system = [{ type: 'text', text: 'The lamp is on the table, as it was. '.repeat(60) }] as const
  const messages = [{ role: 'user', content: [{ type: 'text', text: `Where is the ${topic}?` }] }] as const
  return { model: 'tiny', system, messages, maxTokens: 2, ...more }
}

/** Waits until the first of some prompts is being read. */
async function reading(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await nextTurn()
}

const evaluated = (answers: readonly ServedAnswer[]): number =>
  answers.reduce((sum, { report }) => sum + report.promptTokens - report.reusedTokens, 0)

test.each<[string, (owner: OpenAnswer) => void]>([
  ['paused', owner => owner.pause()],
  ['cancelled', owner => owner.leave()],
])('where the one that is waited for is %s, one of the others reads on', async (_, stop) => {
  const served = await serveInProcess(model)
  const owner = served.open(about('lamp'))
  const others = ['book', 'cup'].map(topic => served.open(about(topic)))
  await reading()
  stop(owner)
  const answers = await Promise.all(others.map(({ whole }) => whole))
  owner.resume()
  const [{ report } = { report: { promptTokens: 0 } }] = answers
  expect(evaluated(answers)).toBeGreaterThan(64)
  expect(evaluated(answers)).toBeLessThan(report.promptTokens + 100)
  await served.end()
})

test('one that leaves while it waits takes nothing along, and one that comes later is served', async () => {
  const served = await serveInProcess(model)
  const owner = served.open(about('lamp'))
  const leaving = ['book', 'cup'].map(topic => served.open(about(topic)))
  const later = served.open(about('key'))
  await reading()
  for (const each of leaving) each.leave()
  const answers = await Promise.all([owner.whole, later.whole])
  expect(evaluated(answers)).toBeLessThan(answers[0].report.promptTokens + 100)
  await served.end()
})

test('where the pace is even, a greedy prompt is read in small pieces too, and all of it is reused', async () => {
  const served = await serveInProcess(model, {}, { pacing: { slowdown: 3, isEven: true } })
  const beside = served.open(about('cup', { system: [], maxTokens: 2000 }))
  await beside.begun
  const system = [{ type: 'text', text: 'A lamp is on the table, as it was. '.repeat(6) }] as const
  const greedy = about('lamp', { system, sampling: { temperature: 0 } })
  await served.ask(greedy)
  const again = await served.ask(greedy)
  expect(again.report.reusedTokens).toBe(again.report.promptTokens - 1)
  beside.leave()
  await served.end()
})

test('what a more urgent prompt waits for is as urgent', async () => {
  const served = await serveInProcess(model)
  const shorter = [{ type: 'text', text: 'A cup is in the cupboard, as it is. '.repeat(30) }] as const
  const oldest = served.open(about('cup', { system: shorter }))
  const owner = served.open(about('lamp', { priority: 'low' }))
  await reading()
  const urgent = served.open(about('book', { priority: 'high' }))
  const first = await Promise.race([oldest.whole.then(() => 'oldest'), urgent.whole.then(() => 'urgent')])
  expect(first).toBe('urgent')
  await Promise.all([oldest.whole, owner.whole])
  await served.end()
})

test('a prompt like no other does not wait for those that wait', async () => {
  const served = await serveInProcess(model)
  const [first, second] = [served.open(about('lamp')), served.open(about('book'))]
  const other = served.open({ ...about('cup'), system: [] })
  const order: string[] = []
  const told = [first, second, other].map(async ({ whole }, index) => {
    await whole
    order.push(['first', 'second', 'other'][index] ?? '')
  })
  await Promise.all(told)
  expect(order[0]).toBe('other')
  await served.end()
})
