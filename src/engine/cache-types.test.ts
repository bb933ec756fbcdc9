import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { askFor, openEngine, textOf } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import type { Attention } from './attention.ts'

const place = useTinyModel()
const opened: TestEngine[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ engine }) => engine.close()))
})

function start(run: string, attention: Attention, slots = 1): TestEngine {
  const archive = { dataDirectory: join(place.folder, run), memoryBytes: 0, diskBytes: 2 ** 26 }
  const engine = openEngine({ tiny: place.tiny }, { preferences: { slots }, own: { tiny: attention }, archive })
  opened.push(engine)
  return engine
}

const words = (topic: string): string => `The ${topic} is on the table, as it was. `.repeat(20)

/** Asks at a temperature: greedy requests reuse less. */
const ask = async ({ engine }: TestEngine, text: string) => {
  const request = askFor(text, { sampling: {}, maxTokens: 4 })
  for await (const event of engine.stream(request, new AbortController().signal)) {
    if (event.type === 'start') return { reused: event.usage.cacheReadTokens ?? 0, cache: event.cache }
  }
  throw new Error('the answer did not begin')
}

async function stateBytes(run: string): Promise<number> {
  const root = join(place.folder, run, 'cache', 'kv')
  const names = await readdir(root, { recursive: true })
  const state = names.find(name => name.endsWith('.state'))
  if (state === undefined) throw new Error(`${run} kept no conversation`)
  return (await stat(join(root, state))).size
}

const ways: readonly Attention[] = [
  { cacheType: 'f16', flashAttention: 'off' },
  { cacheType: 'q8_0' },
  { cacheType: 'q4_0', flashAttention: 'on' },
]

test.each(ways)('a model kept as %j answers, and the same again', async attention => {
  const engine = start(JSON.stringify(attention), attention)
  const answer = await engine.ask('Tell me about the lamp.')
  expect(answer.usage.outputTokens).toBe(24)
  expect(await engine.ask('Tell me about the lamp.')).toMatchObject({ blocks: [{ content: textOf(answer) }] })
})

test.each(ways)('what a model keeps as %j is reused, by another conversation too', async attention => {
  const engine = start(`reuse ${JSON.stringify(attention)}`, attention, 2)
  await ask(engine, words('lamp'))
  expect((await ask(engine, `${words('lamp')} And?`)).reused).toBeGreaterThan(300)
  expect((await ask(engine, `${words('lamp')} But the book is not.`)).reused).toBeGreaterThan(300)
  expect((await ask(engine, `${words('lamp')} So is the cup.`)).reused).toBeGreaterThan(300)
})

test('a conversation comes back as it was kept, and never where others are kept otherwise', async () => {
  const first = start('otherwise', { cacheType: 'q8_0' })
  await ask(first, words('lamp'))
  await first.engine.close()
  const other = start('otherwise', { cacheType: 'q4_0' })
  expect((await ask(other, `${words('lamp')} And?`)).cache).toMatchObject({ restoredTokens: 0 })
  await other.engine.close()
  const same = start('otherwise', { cacheType: 'q8_0' })
  expect((await ask(same, `${words('lamp')} And?`)).cache?.restoredTokens).toBeGreaterThan(300)
})

test('a kept conversation is about as much smaller as the estimate says', async () => {
  const bytes: number[] = []
  for (const cacheType of ['f16', 'q8_0', 'q4_0'] as const) {
    const engine = start(`size ${cacheType}`, { cacheType })
    await ask(engine, words('lamp'))
    await engine.engine.close()
    bytes.push(await stateBytes(`size ${cacheType}`))
  }
  const [half = 1, byte = 0, nibble = 0] = bytes
  expect(byte / half).toBeCloseTo(34 / 64, 1)
  expect(nibble / half).toBeCloseTo(18 / 64, 1)
})

test('a way that cannot be is refused by the model’s name, before anything is loaded', async () => {
  const engine = start('never', { cacheType: 'q8_0', flashAttention: 'off' })
  await expect(engine.ask('Hello')).rejects.toThrow(/^model 'tiny' cannot be loaded: .* without flash attention/)
  expect(engine.news.map(({ type }) => type)).toEqual(['waiting', 'failed'])
})
