import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { askFor, openEngine, textOf } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { writeTinyAdapter } from '../../test/support/tiny-adapter.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import type { Adapter } from './adapters.ts'

const place = useTinyModel()
const opened: TestEngine[] = []
const file = (name: string): string => join(place.folder, name)

beforeAll(async () => {
  await writeTinyAdapter(file('strong.gguf'))
  await writeTinyAdapter(file('weak.gguf'), { strength: 0.5 })
  await writeTinyModel(file('embeds.gguf'), { pooling: 1 })
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ engine }) => engine.close()))
})

function start(adapters: readonly Adapter[], model = 'tiny.gguf'): TestEngine {
  const archive = { dataDirectory: file('data'), memoryBytes: 0, diskBytes: 2 ** 26 }
  const engine = openEngine({ tiny: file(model) }, { preferences: { slots: 1 }, own: { tiny: { adapters } }, archive })
  opened.push(engine)
  return engine
}

const answerOf = async (adapters: readonly Adapter[]): Promise<string> => {
  const engine = start(adapters)
  const answer = textOf(await engine.ask('Tell me about the lamp.'))
  await engine.engine.close()
  return answer
}

test('an adapter changes what a model says, as far as its scale allows', async () => {
  const path = file('strong.gguf')
  const plain = await answerOf([])
  expect(await answerOf([{ path, scale: 0 }])).toBe(plain)
  const changed = await answerOf([{ path, scale: 1 }])
  expect(changed).not.toBe(plain)
  expect(await answerOf([{ path, scale: 1 }])).toBe(changed)
  expect(await answerOf([{ path, scale: -1 }])).not.toBe(changed)
})

test('adapters add up', async () => {
  const [strong, weak] = [file('strong.gguf'), file('weak.gguf')].map(path => ({ path, scale: 1 }))
  if (!strong || !weak) throw new Error('there are two adapters')
  const both = await answerOf([strong, weak])
  expect(both).not.toBe(await answerOf([strong]))
  // The weak one's two matrices are each half as large: together they are a quarter of the strong one.
  const same = await answerOf([{ ...strong, scale: 1.25 }])
  // Sums are rounded otherwise than products, which may tell in the end.
  expect(both.slice(0, 8)).toBe(same.slice(0, 8))
})

test('what was kept with an adapter is found again with it, and never without', async () => {
  const adapter = { path: file('strong.gguf'), scale: 1 }
  const words = 'The lamp is on the table, as it was. '.repeat(20)
  await restored(start([adapter]), words)
  expect(await restored(start([]), `${words} And?`)).toBe(0)
  expect(await restored(start([{ ...adapter, scale: 0.5 }]), `${words} And?`)).toBe(0)
  expect(await restored(start([{ ...adapter, path: file('weak.gguf') }]), `${words} And?`)).toBe(0)
  expect(await restored(start([adapter]), `${words} And?`)).toBeGreaterThan(300)
})

test('adapters count in the memory that is set apart', async () => {
  const [plain, adapted] = [start([]), start([{ path: file('strong.gguf'), scale: 1 }])]
  await Promise.all([plain, adapted].map(({ engine }) => engine.load('tiny')))
  const [bytes = 0, more = 0] = [plain, adapted].map(({ engine }) => engine.status()[0]?.plan?.memoryBytes)
  expect(more - bytes).toBe(4 * 4 * (64 + 128 + 128 + 64))
})

interface Refused {
  readonly names: readonly string[]
  readonly model?: string
  readonly message: RegExp
}

test.each<[string, Refused]>([
  [
    'that is not there',
    { names: ['gone.gguf'], message: /^model 'tiny' cannot be loaded: gone\.gguf does not exist; check/ },
  ],
  ['that is a model', { names: ['tiny.gguf'], message: /tiny\.gguf is no LoRA adapter but a "model"/ }],
  ['given twice', { names: ['weak.gguf', './weak.gguf'], message: /the LoRA adapter weak\.gguf is given twice/ }],
  [
    'of a model that makes embeddings',
    { names: ['weak.gguf'], model: 'embeds.gguf', message: /only models that write answers/ },
  ],
])('an adapter %s is refused before anything is loaded', async (_, { names, model, message }) => {
  const adapters = names.map(name => ({ path: `${place.folder}/${name}`, scale: 1 }))
  const engine = start(adapters, model)
  await expect(engine.engine.load('tiny')).rejects.toThrow(message)
  expect(engine.news.map(({ type }) => type)).toEqual(['waiting', 'failed'])
})

/** Asks at a temperature, as greedy requests reuse less, and closes the engine; gives what came back from files. */
async function restored({ engine }: TestEngine, text: string): Promise<number> {
  const request = askFor(text, { sampling: {}, maxTokens: 4 })
  let tokens = 0
  for await (const event of engine.stream(request, new AbortController().signal)) {
    if (event.type === 'start') tokens = event.cache?.restoredTokens ?? 0
  }
  await engine.close()
  return tokens
}
