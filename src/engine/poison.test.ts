import { afterEach, describe, expect, test } from 'vitest'
import { askFor, openEngine } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import { createPoisonList } from './poison.ts'

const files = useTinyModel()
let opened: TestEngine

const never = (): AbortSignal => new AbortController().signal
const poison = askFor('Whoever answers this dies', { maxTokens: 1900 })

/** Kills the process while it answers the poison; gives what else was asked before. */
async function killWhileAnswering(askBefore: () => Promise<unknown> = async () => {}): Promise<void> {
  const events = opened.engine.stream(poison, never())[Symbol.asyncIterator]()
  await events.next()
  await events.next()
  const others = Promise.allSettled([askBefore()])
  // The answer to a later question shows that the earlier ones arrived.
  await opened.engine.countTokens(askFor('Are you there?'), never())
  process.kill(opened.processOf('tiny'), 'SIGKILL')
  const drained = (async () => {
    while ((await events.next()).done !== true);
  })()
  await expect(drained).rejects.toMatchObject({ kind: 'unavailable' })
  await others
}

describe('a process that keeps ending', () => {
  afterEach(() => opened.engine.close())

  test('a request that was being answered when two processes ended is refused; the others are served', async () => {
    opened = openEngine({ tiny: files.tiny })
    await killWhileAnswering()
    await killWhileAnswering()
    const refused = opened.engine.stream(poison, never())[Symbol.asyncIterator]().next()
    await expect(refused).rejects.toThrow(
      /each of the 2 times that the engine process ended; it is not run again for 10 min/,
    )
    await expect(refused).rejects.toMatchObject({ kind: 'unavailable', retryAfterMs: expect.any(Number) })
    expect((await opened.ask('Hello')).usage.outputTokens).toBe(24)
  })

  test('a request that waited for a slot meanwhile is not blamed', async () => {
    opened = openEngine({ tiny: files.tiny }, { preferences: { slots: 1 } })
    const bystander = (): Promise<unknown> => opened.ask('I only wait')
    await killWhileAnswering(bystander)
    await killWhileAnswering(bystander)
    await expect(bystander()).resolves.toMatchObject({ usage: { outputTokens: 24 } })
  })

  test('a refused request is tried again after a while', async () => {
    let passedMs = 0
    opened = openEngine({ tiny: files.tiny }, { now: () => performance.now() + passedMs })
    await killWhileAnswering()
    await killWhileAnswering()
    passedMs = 10 * 60_000
    const events = opened.engine.stream(poison, never())[Symbol.asyncIterator]()
    expect((await events.next()).value).toMatchObject({ type: 'start' })
    await events.return?.()
  })
})

test('a request that was answered after its process ended once is harmless', () => {
  const list = createPoisonList(() => 0)
  list.suspect('request', { processId: 1, reached: 0 })
  list.clear('request')
  list.suspect('request', { processId: 2, reached: 0 })
  expect(() => list.check('request')).not.toThrow()
  list.suspect('request', { processId: 3, reached: 0 })
  expect(() => list.check('request')).toThrow('each of the 2 times')
})

test('a request that is sent twice at once is suspected once when its process ends', () => {
  const list = createPoisonList(() => 0)
  list.suspect('request', { processId: 1, reached: 3 })
  list.suspect('request', { processId: 1, reached: 4 })
  expect(() => list.check('request')).not.toThrow()
  expect(list.reached('request')).toBe(4)
})

test('the list of suspects is bounded, and forgets the oldest', () => {
  const list = createPoisonList(() => 0)
  const keys = ['old', 'old', ...Array.from({ length: 1000 }, (_, index) => `${index}`)]
  for (const [processId, key] of keys.entries()) list.suspect(key, { processId, reached: 0 })
  expect(() => list.check('old')).not.toThrow()
})
