import { afterEach, expect, test } from 'vitest'
import { engineOf } from '../../test/program/processes.ts'
import { askFor, openEngine } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import { collect } from '../core/collect.ts'
import { ModelError } from '../core/errors.ts'
import type { Work } from './step-times.ts'
import { createWatchdog } from './watchdog.ts'

const files = useTinyModel()
let opened: TestEngine

afterEach(() => opened.engine.close())

const patience = { floorMs: 400, steps: 20, firstMs: 30_000 }
const never = (): AbortSignal => new AbortController().signal
const crashes = (): readonly object[] => opened.news.filter(({ type }) => type === 'crashed')

test('a process that hangs while it answers is ended, its requests fail clearly, and the next one is served', async () => {
  opened = openEngine({ tiny: files.tiny }, { patience })
  const events = opened.engine.stream(askFor('Hello', { maxTokens: 1900 }), never())[Symbol.asyncIterator]()
  for (let seen = 0; seen < 5; seen += 1) await events.next()
  process.kill(opened.processOf('tiny'), 'SIGSTOP')
  const counting = opened.engine.countTokens(askFor('Hello'), never())
  const drained = (async () => {
    while ((await events.next()).done !== true);
  })()
  await expect(drained).rejects.toThrow('the engine process made no progress for 1 s and was ended')
  await expect(drained).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(counting).rejects.toMatchObject({ kind: 'unavailable' })
  expect((await opened.ask('Hello')).usage.outputTokens).toBe(24)
  expect(crashes()).toMatchObject([{ model: 'tiny', exit: { signal: 'SIGKILL', stalledMs: expect.any(Number) } }])
})

test('a process that hangs while it loads is ended', async () => {
  opened = openEngine({ tiny: files.tiny }, { patience: { ...patience, firstMs: 400 } })
  const loading = opened.engine.load('tiny')
  process.kill(await engineOf(process.pid), 'SIGSTOP')
  await expect(loading).rejects.toThrow('the engine process made no progress for 1 s while it loaded the model')
})

test('a process that hangs without work is left alone until it has some, of clients however hasty', async () => {
  opened = openEngine({ tiny: files.tiny }, { patience })
  await opened.ask('Hello')
  process.kill(opened.processOf('tiny'), 'SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 2 * patience.floorMs))
  expect(crashes()).toEqual([])
  for (let left = 50; left > 0 && crashes().length === 0; left -= 1) {
    const hasty = collect(opened.engine.stream(askFor('Hello'), AbortSignal.timeout(patience.floorMs / 4)))
    await expect(hasty).rejects.toBeInstanceOf(ModelError)
  }
  expect(crashes()).toHaveLength(1)
  expect((await opened.ask('Hello')).usage.outputTokens).toBe(24)
})

test('a process that hangs with a file is told from one that hangs in a step', async () => {
  const stalled = Promise.withResolvers<number>()
  const quick = { floorMs: 5, steps: 20, firstMs: 30_000 }
  const onStall = (_silentMs: number, { moves }: Work): void => stalled.resolve(moves)
  const watchdog = createWatchdog({ patience: quick, now: () => performance.now(), onStall })
  watchdog.begin()
  watchdog.hear(0, 4000)
  expect(await stalled.promise).toBe(4000)
})
