import { expect, test } from 'vitest'
import { askFor, openEngine } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import { writeTinyModel } from '../../test/support/tiny-model.ts'
import type { ModelEvent } from '../core/events.ts'

const files = useTinyModel()
const tokens = 800

/* What is told of each token takes some kilobytes. */
const measured = { maxTokens: tokens, topLogprobs: 20 } as const

async function open(attach: 'never' | 'resent'): Promise<TestEngine> {
  const path = `${files.folder}/${attach}.gguf`
  await writeTinyModel(path, { contextLength: 2048 })
  return openEngine(
    { tiny: path },
    {
      preferences: { contextTokens: 2048, slots: 2 },
      policy: { attach },
      patience: { firstMs: 60_000, floorMs: 2000, steps: 20 },
    },
  )
}

test.each(['never', 'resent'] as const)(
  'an answer whose reader stalls is not written on, nor taken for stuck, and is whole when it is read (attach %s)',
  async attach => {
    const { engine, ask, processOf } = await open(attach)
    const events = engine.stream(askFor('Sing', measured), new AbortController().signal)[Symbol.asyncIterator]()
    const heard: ModelEvent[] = []
    for (let next = await events.next(); heard.length < 10 && !next.done; next = await events.next())
      heard.push(next.value)
    const child = processOf('tiny')
    // The two are written at the same pace, and this one began later.
    await ask('Another song', { maxTokens: tokens })
    expect(engine.status()).toMatchObject([{ answering: 1 }])
    // Nothing is left to do, and the watchdog would end a process that is silent for as long.
    await new Promise(resolve => setTimeout(resolve, 2500))
    expect(engine.status()).toMatchObject([{ answering: 1, processId: child }])
    for (let next = await events.next(); !next.done; next = await events.next()) heard.push(next.value)
    expect(heard.at(-1)).toMatchObject({ type: 'end', usage: { outputTokens: tokens } })
    await engine.close()
  },
)

test('an answer whose reader stalls and then leaves gives its slot to who waits', async () => {
  const { engine, ask } = await open('resent')
  const leaving = new AbortController()
  const songs = ['One', 'Two'].map(text =>
    engine.stream(askFor(text, measured), leaving.signal)[Symbol.asyncIterator](),
  )
  for (const song of songs) await song.next()
  const next = ask('Next')
  // Both slots are taken by answers that go on up to a point.
  await new Promise(resolve => setTimeout(resolve, 3000))
  expect(engine.status()).toMatchObject([{ answering: 2, waiting: 1 }])
  leaving.abort()
  expect((await next).usage.outputTokens).toBe(24)
  await engine.close()
})
