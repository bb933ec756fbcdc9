import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { askFor, openEngine, textOf } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import { collect } from '../core/collect.ts'
import type { Sampling } from '../core/request.ts'
import { EventLog } from './event-log.ts'
import { bytesOf, joinEvents } from './join-events.ts'
import type { GenerationEvent } from './messages.ts'
import type { NamedTask } from './run-task.ts'
import { shareRuns } from './shared-runs.ts'
import type { Run, SharingOptions } from './shared-runs.ts'

const never = (): AbortSignal => new AbortController().signal
const greedy: Sampling = { temperature: 0 }
const task = (sampling: Sampling, key = 'key', more: { sender?: string; isRetry?: boolean } = {}): NamedTask => ({
  model: 'm',
  key,
  isRetry: more.isRetry ?? false,
  task: {
    prompt: { messages: [], prefill: '' },
    parts: [],
    sampling,
    stopSequences: [],
    ...(more.sender !== undefined && { sender: more.sender }),
  },
})
const said = (text: string): GenerationEvent => ({ type: 'text', id: 1, text })

const begun: GenerationEvent = {
  type: 'started',
  id: 1,
  report: { promptTokens: 1, reusedTokens: 0, restoredTokens: 0, outcome: 'nothing-kept' },
}

/** A run that says what it is told to say. */
interface Scripted {
  readonly log: EventLog<GenerationEvent>
  isCancelled: boolean
}

const newLog = () => new EventLog<GenerationEvent>({ bytesOf, join: joinEvents, mostBytes: 2 ** 30 })

function scripted(more: Partial<SharingOptions> = {}): { share: Run; runs: Scripted[] } {
  const runs: Scripted[] = []
  const run: Run = async function* run(_, signal) {
    const own: Scripted = { log: newLog(), isCancelled: false }
    runs.push(own)
    signal.addEventListener('abort', () => (own.isCancelled = true))
    yield* own.log.read(signal)
  }
  return { runs, share: shareRuns({ run, attach: 'resent', attachGraceMs: 0, now: () => 0, ...more }) }
}

async function read(events: AsyncGenerator<GenerationEvent>): Promise<string> {
  let text = ''
  for await (const event of events) if (event.type === 'text') text += event.text
  return text
}

describe('requests that ask for the same', () => {
  test('hear the whole answer, whenever each comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('say', 'join'), { maxLength: 20 }), async acts => {
        const { share, runs } = scripted()
        const readers = [read(share(task(greedy), never()))]
        let whole = ''
        for (const [index, act] of acts.entries()) {
          if (act === 'join') readers.push(read(share(task(greedy), never())))
          else runs[0]?.log.push(said(`${index} `))
          if (act === 'say') whole += `${index} `
          await Promise.resolve()
        }
        runs[0]?.log.end()
        expect(new Set(await Promise.all(readers))).toEqual(new Set([whole]))
        expect(runs).toHaveLength(1)
      }),
    )
  })

  test('run each where they come from different clients', () => {
    const { share, runs } = scripted({ attach: 'always' })
    for (const sender of ['one', 'two', 'one']) void share(task(greedy, 'key', { sender }), never()).next()
    expect(runs).toHaveLength(2)
  })

  test('share a run where the client says that it sent one before', () => {
    const { share, runs } = scripted()
    void share(task({}), never()).next()
    void share(task({}), never()).next()
    void share(task({}, 'key', { isRetry: true }), never()).next()
    expect(runs).toHaveLength(2)
  })

  test('share a failure, and the next one runs anew', async () => {
    const { share, runs } = scripted()
    const readers = [read(share(task(greedy), never())), read(share(task(greedy), never()))]
    runs[0]?.log.end({ error: new Error('broken') })
    for (const reader of readers) await expect(reader).rejects.toThrow('broken')
    const next = read(share(task(greedy), never()))
    runs[1]?.log.end()
    expect(await next).toBe('')
  })

  test('run anew once an answer is whole', async () => {
    const { share, runs } = scripted({ attachGraceMs: 60_000 })
    for (let time = 0; time < 2; time += 1) {
      const reader = read(share(task(greedy), never()))
      runs[time]?.log.end()
      await reader
    }
    expect(runs).toHaveLength(2)
  })

  test('run each for itself where the owner wants it so, or where they ask for other things', () => {
    const { share, runs } = scripted({ attach: 'never' })
    for (let time = 0; time < 2; time += 1) void share(task(greedy), never()).next()
    expect(runs).toHaveLength(2)
    const other = scripted()
    for (const key of ['one', 'two']) void other.share(task(greedy, key), never()).next()
    expect(other.runs).toHaveLength(2)
  })
})

describe('requests that draw at random', () => {
  const draws: Sampling = { temperature: 1 }

  test('run each for themselves, since who asks twice wants two answers', () => {
    const { share, runs } = scripted()
    for (let time = 0; time < 2; time += 1) void share(task(draws), never()).next()
    expect(runs).toHaveLength(2)
  })

  test.each<[string, Sampling, Partial<SharingOptions>]>([
    ['they have a seed', { temperature: 1, seed: 7 }, {}],
    ['the owner wants it so', draws, { attach: 'always' }],
  ])('share a run where %s', (_, sampling, more) => {
    const { share, runs } = scripted(more)
    for (let time = 0; time < 2; time += 1) void share(task(sampling), never()).next()
    expect(runs).toHaveLength(1)
  })

  test.each([
    ['attach to a run that has shown nothing for ten seconds', { passedMs: 10_000, hasShown: false, expected: 1 }],
    ['leave a run alone that has only begun', { passedMs: 9999, hasShown: false, expected: 2 }],
    ['leave a run alone that has shown some text', { passedMs: 10_000, hasShown: true, expected: 2 }],
  ])('%s', async (_, { passedMs, hasShown, expected }) => {
    let time = 0
    const { share, runs } = scripted({ now: () => time })
    const first = share(task(draws), never())
    const started = first.next()
    runs[0]?.log.push(begun)
    await started
    if (hasShown) {
      runs[0]?.log.push(said('text'))
      await first.next()
    }
    time += passedMs
    void share(task(draws), never()).next()
    expect(runs).toHaveLength(expected)
  })
})

describe('who leaves', () => {
  test('does not disturb who stays, and the last one cancels the run at once', async () => {
    const { share, runs } = scripted()
    const leaving = new AbortController()
    const [first, second] = [share(task(greedy), never()), share(task(greedy), leaving.signal)]
    const pending = [first.next(), second.next()]
    leaving.abort()
    await expect(pending[1]).rejects.toMatchObject({ kind: 'aborted' })
    expect(runs[0]?.isCancelled).toBe(false)
    runs[0]?.log.push(said('still here'))
    expect((await pending[0])?.value).toEqual(said('still here'))
    await first.return(undefined)
    expect(runs[0]?.isCancelled).toBe(true)
  })

  test('frees the run though nobody asks for the next event', async () => {
    const { share, runs } = scripted()
    const leaving = new AbortController()
    const events = share(task(greedy), leaving.signal)
    const first = events.next()
    runs[0]?.log.push(said('one'))
    await first
    leaving.abort()
    expect(runs[0]?.isCancelled).toBe(true)
  })

  test('finds the run again within the grace, even a finished one', async () => {
    const { share, runs } = scripted({ attachGraceMs: 60_000 })
    const events = share(task({ temperature: 1 }), never())
    const first = events.next()
    runs[0]?.log.push(said('one '))
    await first
    await events.return(undefined)
    expect(runs[0]?.isCancelled).toBe(false)
    runs[0]?.log.push(said('two'))
    runs[0]?.log.end()
    await Promise.resolve()
    expect(await read(share(task({ temperature: 1 }), never()))).toBe('one two')
    expect(runs).toHaveLength(1)
  })

  test('is given up after the grace', async () => {
    const { share, runs } = scripted({ attachGraceMs: 20 })
    const events = share(task(greedy), never())
    const first = events.next()
    runs[0]?.log.push(said('one'))
    await first
    await events.return(undefined)
    while (runs[0]?.isCancelled === false) await new Promise(resolve => setTimeout(resolve, 5))
    void share(task(greedy), never()).next()
    expect(runs).toHaveLength(2)
  })
})

describe('a model', () => {
  const files = useTinyModel()
  let opened: TestEngine

  afterEach(() => opened.engine.close())

  test('writes the answer of a request that is sent again only once', async () => {
    opened = openEngine({ tiny: files.tiny })
    const request = askFor('Hello', { maxTokens: 400 })
    const first = opened.engine.stream(request, never())[Symbol.asyncIterator]()
    for (let seen = 0; seen < 20; seen += 1) await first.next()
    const second = collect(opened.engine.stream(request, never()))
    await opened.engine.countTokens(request, never())
    expect(opened.engine.status()).toMatchObject([{ answering: 1, waiting: 0 }])
    const whole = textOf(await second)
    await first.return?.()
    expect(whole).toBe(textOf(await opened.ask('Hello', { maxTokens: 400 })))
  })
})
