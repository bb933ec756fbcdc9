import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openEngine } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { writeTinyFamily } from '../../test/support/tiny-families.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import type { CacheReport } from '../core/cache-report.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Usage } from '../core/usage.ts'

const files = useTinyModel()
let opened: TestEngine

afterEach(() => opened.engine.close())

/** Starts an engine that reads in small steps, so that others come while a prompt is read. */
function start(file = files.tiny): void {
  opened = openEngine({ tiny: file }, { preferences: { slots: 4, batchTokens: 128 } })
}

const words = (topic: string, times: number): string => `The ${topic} is on the table, as it was. `.repeat(times)

interface Begun {
  readonly usage: Usage
  readonly cache: CacheReport
}

/** Asks at the usual sampling: greedy requests reuse less. */
async function* ask(question: string, more: Partial<ModelRequest> = {}): AsyncGenerator<Begun> {
  const messages = [{ role: 'user', content: [{ type: 'text', text: question }] }] as const
  const request: ModelRequest = { model: 'tiny', system: [], messages, maxTokens: 4, ...more }
  for await (const event of opened.engine.stream(request, new AbortController().signal)) {
    if (event.type === 'start' && event.cache) yield { usage: event.usage, cache: event.cache }
  }
}

async function turn(question: string, more: Partial<ModelRequest> = {}): Promise<Begun> {
  let begun: Begun | undefined
  for await (begun of ask(question, more));
  if (!begun) throw new Error('the answer did not begin')
  return begun
}

/** Leaves as soon as the prompt begins to be read. */
async function leaveEarly(question: string, more: Partial<ModelRequest>): Promise<void> {
  for await (const _ of ask(question, more)) return
}

const topics = ['book', 'cup', 'key', 'pen']
const system = (times: number): Pick<ModelRequest, 'system'> => ({
  system: [{ type: 'text', text: words('lamp', times) }],
})

/** How many tokens of some prompts were evaluated. */
const evaluated = (turns: readonly Begun[]): number =>
  turns.reduce((sum, { cache }) => sum + cache.promptTokens - cache.reusedTokens, 0)

const longest = (turns: readonly Begun[]): number => Math.max(...turns.map(({ cache }) => cache.promptTokens))

test('of prompts that come together, what all begin with is read once', async () => {
  start()
  const turns = await Promise.all(topics.map(topic => turn(`Where is the ${topic}?`, system(50))))
  expect(evaluated(turns)).toBeLessThan(longest(turns) + 100)
  for (const { cache, usage } of turns) expect(usage.cacheReadTokens).toBe(cache.reusedTokens)
  const [, ...others] = turns.map(({ cache }) => cache)
  for (const cache of others) {
    expect(cache.outcome).toBe('differs')
    expect(cache.awaitedTokens).toBeGreaterThan(1000)
  }
})

test('of one prompt that is asked several times at once, all is read once', async () => {
  start()
  const turns = await Promise.all(topics.map(() => turn('Where is it?', system(50))))
  expect(evaluated(turns)).toBe(longest(turns) + 3)
})

test('greedy prompts that come together share whole pieces', async () => {
  start()
  const greedy = { ...system(50), sampling: { temperature: 0 } }
  const turns = await Promise.all(topics.map(topic => turn(`Where is the ${topic}?`, greedy)))
  expect(evaluated(turns)).toBeLessThan(longest(turns) + 3 * 128)
})

test('prompts that share more with each other than with the first one read that once too', async () => {
  start()
  const of = (...some: readonly string[]) => turn(some.map(topic => words(topic, 20)).join(''))
  const turns = await Promise.all([of('lamp', 'key'), of('lamp', 'book', 'cup'), of('lamp', 'book', 'pen')])
  const { cache } = await turn(words('sea', 20))
  // Of the eight parts, five are told apart.
  expect(evaluated(turns)).toBeLessThan(5 * cache.promptTokens + 100)
})

test('where the one that is waited for leaves, another one reads on', async () => {
  start()
  const leaving = leaveEarly('Where is it?', system(60))
  const turns = await Promise.all(topics.slice(1).map(topic => turn(`Where is the ${topic}?`, system(60))))
  await leaving
  expect(evaluated(turns)).toBeLessThan(longest(turns) + 100)
  expect(turns.some(({ cache }) => cache.awaitedTokens !== undefined)).toBe(true)
})

test('with a model that has states, prompts that come together part at a checkpoint', async () => {
  const hybrid = join(files.folder, 'hybrid.gguf')
  await writeTinyFamily(hybrid, 'qwen35')
  start(hybrid)
  const turns = await Promise.all(
    topics.map(topic => turn(`${words('lamp', 30)} And the ${topic}? ${words(topic, 4)}`)),
  )
  const { cache } = await turn(words('sea', 4))
  expect(evaluated(turns)).toBeLessThan(longest(turns) + 4 * cache.promptTokens)
})
