import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { provisionForTests } from '../../../test/support/engine-package.ts'
import { temporaryFolder } from '../../../test/support/engine.ts'
import { serveInProcess } from '../../../test/support/serve-in-process.ts'
import type { ServedAnswer } from '../../../test/support/serve-in-process.ts'
import { writeTinyFamily } from '../../../test/support/tiny-families.ts'
import { usualPacing } from '../../../test/support/usual-pacing.ts'
import type { Message, ModelRequest } from '../../core/request.ts'
import type { ArchivePlaces } from '../messages.ts'
import { loadLanguageModel } from './language-model.ts'
import type { LanguageModel } from './language-model.ts'
import { bulkPiece } from './slots.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let runs = 0

beforeAll(async () => {
  folder = await temporaryFolder()
})

afterAll(() => folder.remove())

const text = (value: string) => ({ type: 'text', text: value }) as const

const words = (topic: string, times = 12): string => `The ${topic} is on the table, as it was. `.repeat(times)

/** A greedy request under the system prompt that all conversations share, of turns that take turns. */
function conversation(...turns: readonly string[]): ModelRequest {
  const messages = turns.map((turn, index): Message => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: [text(turn)],
  }))
  return { model: 'tiny', system: [text(words('lamp'))], messages, sampling: { temperature: 0 }, maxTokens: 12 }
}

/* Windows with experts, states alone, states beside keys and values in every layer, and in some of them. */
const kinds = ['gpt-oss', 'mamba2', 'falcon-h1', 'qwen35'] as const

describe.each(kinds)('with a model of the family %s', family => {
  let model: LanguageModel

  beforeAll(async () => {
    const modelPath = join(folder.path, `${family}.gguf`)
    await writeTinyFamily(modelPath, family)
    const packageDirectory = await provisionForTests()
    const computation = { pacing: usualPacing, cacheType: 'f16', flashAttention: 'auto', adapters: [] } as const
    const sizes = { use: 'answers' as const, contextTokens: 1536, slots: 3, batchTokens: 512, threads: 1 }
    model = await loadLanguageModel({ modelPath, packageDirectory, ...sizes, ...computation }, () => {})
  })

  const colds = new Map<string, Promise<ServedAnswer>>()

  /** What is answered from empty slots. */
  function cold(request: ModelRequest): Promise<ServedAnswer> {
    const key = JSON.stringify(request)
    const known = colds.get(key) ?? askCold(request)
    colds.set(key, known)
    return known
  }

  async function askCold(request: ModelRequest): Promise<ServedAnswer> {
    const served = await serveInProcess(model)
    const answer = await served.ask(request)
    await served.end()
    return answer
  }

  async function places(): Promise<Required<ArchivePlaces>> {
    const root = join(folder.path, `run-${(runs += 1)}`)
    const place = async (name: string) => {
      await mkdir(join(root, name), { recursive: true })
      return { directory: join(root, name), maxBytes: 2 ** 26 }
    }
    return { memory: await place('memory'), disk: await place('disk') }
  }

  test('a turn goes on from the end of the prompt before it, whatever became of the answer', async () => {
    const [first, second] = [conversation(words('book')), conversation(words('book'), 'Fine.', words('cup'))]
    const served = await serveInProcess(model)
    const { report: before } = await served.ask(first)
    const { text: said, report } = await served.ask(second)
    await served.end()
    expect(report.reusedTokens).toBeGreaterThanOrEqual(before.promptTokens - bulkPiece)
    expect(said).toBe((await cold(second)).text)
  })

  test('the same prompt again is answered the same, without being read anew', async () => {
    const request = conversation(words('book'))
    const served = await serveInProcess(model)
    const first = await served.ask(request)
    const again = await served.ask(request)
    await served.end()
    expect(again.text).toBe(first.text)
    expect(again.report.reusedTokens).toBe(first.report.promptTokens - bulkPiece)
  })

  test('what conversations share is copied from one that is being answered', async () => {
    const request = conversation(words('cup'))
    const served = await serveInProcess(model)
    const owner = served.open({ ...conversation(words('book')), maxTokens: 60 })
    await owner.begun
    owner.pause()
    const { text: said, report } = await served.ask(request)
    owner.resume()
    const owned = await owner.whole
    await served.end()
    expect(report.reusedTokens).toBeGreaterThan(300)
    expect(said).toBe((await cold(request)).text)
    expect(owned.text).toBe((await cold({ ...conversation(words('book')), maxTokens: 60 })).text)
  })

  test('a client that leaves in the middle spoils nothing', async () => {
    const request = conversation(words('book'))
    const served = await serveInProcess(model)
    const left = served.open({ ...request, maxTokens: 200 })
    await left.begun
    left.leave()
    const again = await served.ask(request)
    await served.end()
    expect(again.text).toBe((await cold(request)).text)
    expect(again.report.reusedTokens).toBeGreaterThan(300)
  })

  test('answers go on beside others that come and go', async () => {
    const ask = (topic: string) => ({ ...conversation(words(topic, 10)), maxTokens: 24 })
    const served = await serveInProcess(model)
    const answers = [ask('book'), ask('cup'), ask('key')].map(request => served.open(request))
    await answers[1]?.begun
    answers[1]?.leave()
    const said = [(await answers[0]?.whole)?.text, (await answers[2]?.whole)?.text]
    await served.end()
    expect(said).toEqual([(await cold(ask('book'))).text, (await cold(ask('key'))).text])
  })

  test('a conversation that made way comes back from memory, and after a restart from disk', async () => {
    const at = await places()
    const served = await serveInProcess(model, at)
    const first = await served.ask(conversation(words('book', 10)))
    for (const topic of ['cup', 'key', 'pen', 'hat']) await served.ask(conversation(words(topic, 10)))
    const second = conversation(words('book', 10), 'Fine.', words('cup'))
    const back = await served.ask(second)
    // Two made way for others and one for the first; each is told before, so that it is not taken for a hang.
    expect(served.moved).toHaveLength(4)
    await served.end()
    const expected = (await cold(second)).text
    expect(back.report.restoredTokens).toBeGreaterThanOrEqual(first.report.promptTokens - 2 * bulkPiece)
    expect(back.text).toBe(expected)

    const later = await serveInProcess(model, { disk: at.disk })
    const again = await later.ask(second)
    await later.end()
    expect(again.report.restoredTokens).toBeGreaterThan(300)
    expect(again.text).toBe(expected)
  })

  test('a kept conversation is written away whole before one that departs near its end takes its place', async () => {
    const kept = (ending: string): ModelRequest => {
      const content = [{ ...text(`${words('book', 10)}${words(ending, 1)}`), cache: {} }]
      return { ...conversation(), messages: [{ role: 'user', content }] }
    }
    const served = await serveInProcess(model, await places())
    await served.ask({ ...kept('cup'), maxTokens: 60 })
    const others = ['key', 'pen'].map(topic => served.open({ ...conversation(words(topic)), maxTokens: 60 }))
    for (const other of others) {
      await other.begun
      other.pause()
    }
    const departed = await served.ask(kept('hat'))
    const back = await served.ask(kept('cup'))
    for (const other of others) other.leave()
    await served.end()
    expect([departed.text, back.text]).toEqual([(await cold(kept('hat'))).text, (await cold(kept('cup'))).text])
    expect(departed.report.reusedTokens).toBeGreaterThan(300)
    expect(back.report.reusedTokens).toBeGreaterThan(300)
  })
})
