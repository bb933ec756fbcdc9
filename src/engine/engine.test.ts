import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askFor, openEngine, textOf } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelEvent } from '../core/events.ts'

const files = useTinyModel()

const never = (): AbortSignal => new AbortController().signal
const longPrompt = 'All work and no play makes a dull model. '.repeat(30)

describe('a loaded model', () => {
  let model: TestEngine

  beforeAll(() => {
    model = openEngine({ tiny: files.tiny })
  })

  afterAll(() => model.engine.close())

  test('answers with text, a stop reason and true counts', async () => {
    const answer = await model.ask('Hello')
    expect(textOf(answer)).not.toBe('')
    expect(answer.stop).toEqual({ reason: 'max-tokens' })
    expect(answer.usage.outputTokens).toBe(24)
    expect(answer.usage.inputTokens).toBe(await model.engine.countTokens(askFor('Hello'), never()))
  })

  test('gives the same greedy answer again, and other answers at other seeds', async () => {
    const [first, second] = [await model.ask(longPrompt), await model.ask(longPrompt)]
    expect(textOf(second)).toBe(textOf(first))
    const at = async (seed: number): Promise<string> =>
      textOf(await model.ask('Hi', { sampling: { temperature: 2, seed } }))
    expect(await at(1)).toBe(await at(1))
    expect(new Set([await at(1), await at(2), await at(3)]).size).toBeGreaterThan(1)
  })

  test('cuts the answer at a stop sequence and names it', async () => {
    const whole = textOf(await model.ask('Hello', { maxTokens: 60 }))
    const sequence = whole.slice(20, 24)
    const answer = await model.ask('Hello', { maxTokens: 60, stopSequences: ['never said', sequence] })
    expect(textOf(answer)).toBe(whole.slice(0, whole.indexOf(sequence)))
    expect(answer.stop).toEqual({ reason: 'stop-sequence', sequence })
  })

  test('writes nothing when asked for no tokens, and reads the prompt', async () => {
    const answer = await model.ask(`Warm this up. ${longPrompt}`, { maxTokens: 0 })
    expect(answer.blocks).toEqual([])
    expect(answer.usage.outputTokens).toBe(0)
    const again = await model.ask(`Warm this up. ${longPrompt}`, { sampling: {} })
    expect(again.usage.cacheReadTokens).toBe((again.usage.inputTokens ?? 0) - 1)
  })

  test('says how it fares once it is loaded', async () => {
    await model.ask('Hello')
    expect(model.engine.outlook?.(askFor('Hello').model)).toMatchObject({
      state: 'ready',
      waiting: 0,
      estimatedWaitMs: 0,
      contextTokens: expect.any(Number),
    })
    expect(model.engine.outlook?.('another')).toBeUndefined()
  })

  test('says beforehand what it would leave out', () => {
    const ask = askFor('{', { responseFormat: { type: 'json-object' } })
    expect(model.engine.losses?.(ask)).toEqual([])
    const prefilled = {
      ...ask,
      messages: [{ role: 'assistant' as const, content: [{ type: 'text' as const, text: '{' }] }],
    }
    expect(model.engine.losses?.(prefilled)).toMatchObject([{ field: 'responseFormat', action: 'degraded' }])
  })

  test('refuses a prompt that does not fit, with the numbers', async () => {
    const tooLong = model.ask('word '.repeat(3000))
    await expect(tooLong).rejects.toThrow(/^prompt is too long: \d+ tokens > 2047 maximum$/)
    await expect(tooLong).rejects.toMatchObject({ kind: 'invalid-request', code: 'context-length-exceeded' })
  })

  test('stops where the context ends', async () => {
    const { usage, stop } = await model.ask(longPrompt, { maxTokens: 1_000_000 })
    expect(stop.reason).toBe('context-window')
    expect((usage.inputTokens ?? 0) + (usage.outputTokens ?? 0)).toBe(2048)
  })

  test('writes twelve answers at once in eight slots, each as it would alone', async () => {
    const questions = Array.from({ length: 12 }, (_, index) => `Question ${index} of twelve`)
    const alone: string[] = []
    for (const question of questions) alone.push(textOf(await model.ask(question)))
    const together = await Promise.all(questions.map(question => model.ask(question)))
    expect(together.map(textOf)).toEqual(alone)
  })

  test('copies what a busy slot already read', async () => {
    const shared = `Shared beginning. ${longPrompt}`
    const busy = model.engine.stream(askFor(`${shared} one`, { maxTokens: 200, sampling: {} }), never())
    const events = busy[Symbol.asyncIterator]()
    await readUntil(events, 'text-delta')
    const second = await model.ask(`${shared} two`, { sampling: {} })
    expect(second.usage.cacheReadTokens).toBeGreaterThan(300)
    await events.return?.()
  })

  test('counts while it writes', async () => {
    const writing = model.ask('Hello', { maxTokens: 100 })
    const counts = await Promise.all(
      Array.from({ length: 25 }, () => model.engine.countTokens(askFor('Hello'), never())),
    )
    expect(new Set(counts).size).toBe(1)
    await writing
  })
})

describe('a single slot', () => {
  let single: TestEngine

  beforeAll(() => {
    single = openEngine({ tiny: files.tiny }, { preferences: { slots: 1, batchTokens: 64 } })
  })

  afterAll(() => single.engine.close())

  test('is free at once when a client leaves while its answer is written', async () => {
    const events = single.engine.stream(askFor('Hello', { maxTokens: 1900 }), never())[Symbol.asyncIterator]()
    await readUntil(events, 'text-delta')
    await events.return?.()
    expect((await single.ask('Next')).usage.outputTokens).toBe(24)
  })

  test('is free at once when a client leaves while its prompt is read', async () => {
    const leaving = new AbortController()
    const events = single.engine.stream(askFor('word '.repeat(350)), leaving.signal)[Symbol.asyncIterator]()
    await readUntil(events, 'start')
    const pending = events.next()
    leaving.abort()
    await expect(pending).rejects.toMatchObject({ kind: 'aborted' })
    expect((await single.ask('Next')).usage.outputTokens).toBe(24)
  })

  test('passes over a client that left while it waited', async () => {
    const first = single.ask('First', { maxTokens: 100 })
    const leaving = new AbortController()
    const events = single.engine.stream(askFor('Second', { maxTokens: 1900 }), leaving.signal)[Symbol.asyncIterator]()
    const waiting = events.next()
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ kind: 'aborted' })
    await first
    expect((await single.ask('Third')).usage.outputTokens).toBe(24)
  })
})

describe('a process that is killed', () => {
  let fallible: TestEngine

  beforeAll(() => {
    fallible = openEngine({ tiny: files.tiny })
  })

  afterAll(() => fallible.engine.close())

  test('breaks its answers with a clear error, and the next request is served', async () => {
    const broken = Array.from({ length: 4 }, () => fallible.ask('Hello', { maxTokens: 1900 }))
    const waiting = fallible.engine.stream(askFor('Hello', { maxTokens: 1900 }), never())[Symbol.asyncIterator]()
    await readUntil(waiting, 'text-delta')
    process.kill(fallible.processOf('tiny'), 'SIGKILL')
    for (const result of await Promise.allSettled(broken)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } })
    }
    expect((await fallible.ask('Hello')).usage.outputTokens).toBe(24)
    expect(fallible.news.some(({ type }) => type === 'crashed')).toBe(true)
  })

  test('is left alone after three times within a minute, and the error says for how long', async () => {
    for (let kills = 0; kills < 2; kills += 1) {
      await fallible.ask('Hello')
      const { exited, pid } = watchExit(fallible)
      process.kill(pid, 'SIGKILL')
      await exited
    }
    const refused = fallible.ask('Hello')
    await expect(refused).rejects.toThrow(/ended 3 times within a minute; it is tried again in \d+ s/)
    await expect(refused).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('a model that cannot be loaded', () => {
  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut short', bytes => bytes.subarray(0, bytes.length - 1000), /cut short/],
    ['no model at all', () => Buffer.from('this is not a model, but a letter to a friend'), /GGUF/],
    [
      'a header that lies',
      bytes => Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(8, 0xff), bytes.subarray(16)]),
      /GGUF/,
    ],
  ])('because it is %s is refused by name, and other models are served', async (name, spoil, words) => {
    const path = join(files.folder, `${name.replaceAll(' ', '-')}.gguf`)
    await writeFile(path, spoil(await readFile(files.tiny)))
    const opened = openEngine({ bad: path, tiny: files.tiny })
    await expect(opened.ask('Hello', { model: 'bad' })).rejects.toThrow(words)
    await expect(opened.ask('Hello', { model: 'bad' })).rejects.toBeInstanceOf(ModelError)
    expect((await opened.ask('Hello')).usage.outputTokens).toBe(24)
    await opened.engine.close()
  })

  test('because its file is gone is refused by name', async () => {
    const opened = openEngine({ gone: join(files.folder, 'gone.gguf') })
    await expect(opened.ask('Hello', { model: 'gone' })).rejects.toThrow(/gone\.gguf/)
    await opened.engine.close()
  })

  test('because it is too large for the memory is refused with the numbers', async () => {
    const opened = openEngine({ tiny: files.tiny }, { availableMemoryBytes: 1_000_000 })
    await expect(opened.ask('Hello')).rejects.toThrow(/needs [\d.]+ MiB of memory: .* is available/)
    await opened.engine.close()
  })
})

async function readUntil(events: AsyncIterator<ModelEvent>, type: ModelEvent['type']): Promise<void> {
  for (;;) {
    const { done, value } = await events.next()
    if (done) throw new Error(`the answer ended without ${type}`)
    if (value.type === type) return
  }
}

function watchExit({ news, processOf }: TestEngine): { exited: Promise<void>; pid: number } {
  const before = news.filter(({ type }) => type === 'crashed').length
  const exited = async (): Promise<void> => {
    while (news.filter(({ type }) => type === 'crashed').length === before) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  return { exited: exited(), pid: processOf('tiny') }
}
