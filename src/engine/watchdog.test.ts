import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { askFor, openEngine } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'

const files = useTinyModel()
let opened: TestEngine

afterEach(() => opened.engine.close())

const patience = { floorMs: 400, steps: 20, firstMs: 4000 }
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
  process.kill(await childOf(process.pid), 'SIGSTOP')
  await expect(loading).rejects.toThrow('the engine process made no progress for 1 s while it loaded the model')
})

test('a process that hangs without work is left alone until it has some', async () => {
  opened = openEngine({ tiny: files.tiny }, { patience })
  await opened.ask('Hello')
  process.kill(opened.processOf('tiny'), 'SIGSTOP')
  await new Promise(resolve => setTimeout(resolve, 2 * patience.floorMs))
  expect(crashes()).toEqual([])
  await expect(opened.ask('Hello')).rejects.toThrow('made no progress')
})

/** Waits for a process that this one started. */
async function childOf(parent: number): Promise<number> {
  for (;;) {
    const found = await promisify(execFile)('pgrep', ['-P', String(parent), '-f', 'worker/main']).catch(() => undefined)
    if (found) return Number(found.stdout.trim())
  }
}
