import { afterEach, describe, expect, test } from 'vitest'
import { askFor, openEngine } from '../../test/support/engine.ts'
import type { TestEngine } from '../../test/support/engine.ts'
import { useTinyModel } from '../../test/support/use-tiny-model.ts'
import type { ModelEvent } from '../core/events.ts'
import { createTurns } from './turns.ts'

const files = useTinyModel()
let opened: TestEngine

const never = (): AbortSignal => new AbortController().signal

/** Begins an answer that takes the only slot. */
async function occupy(): Promise<AsyncIterator<ModelEvent>> {
  const events = opened.engine.stream(askFor('Hello', { maxTokens: 1900 }), never())[Symbol.asyncIterator]()
  await events.next()
  return events
}

describe('a model with one slot', () => {
  afterEach(() => opened.engine.close())

  test('refuses more requests than may wait, and says when to come back', async () => {
    opened = openEngine({ tiny: files.tiny }, { preferences: { slots: 1 }, policy: { mostWaiting: 1 } })
    const busy = await occupy()
    const waiting = opened.ask('Second')
    const refused = opened.ask('Third')
    await expect(refused).rejects.toThrow("the queue of model 'tiny' is full")
    await expect(refused).rejects.toMatchObject({ kind: 'overloaded', retryAfterMs: 5000 })
    expect(opened.engine.status()).toMatchObject([{ answering: 1, waiting: 1 }])
    await busy.return?.()
    expect((await waiting).usage.outputTokens).toBe(24)
    expect(opened.engine.status()).toMatchObject([{ answering: 0, waiting: 0, estimatedWaitMs: 0 }])
  })

  test('refuses a request that waited too long, and serves the next one', async () => {
    opened = openEngine({ tiny: files.tiny }, { preferences: { slots: 1 }, policy: { queueTimeoutMs: 100 } })
    const busy = await occupy()
    const late = opened.ask('Second')
    await expect(late).rejects.toThrow(/waited 1 s for a slot of model 'tiny'/)
    await expect(late).rejects.toMatchObject({ kind: 'overloaded' })
    await busy.return?.()
    expect((await opened.ask('Third')).usage.outputTokens).toBe(24)
  })

  test('serves a high request before a low one that came earlier', async () => {
    opened = openEngine({ tiny: files.tiny }, { preferences: { slots: 1 } })
    const busy = await occupy()
    const order: string[] = []
    const asked = (['low', 'normal', 'high'] as const).map(async priority => {
      await opened.ask(priority, { priority })
      order.push(priority)
    })
    await opened.engine.countTokens(askFor('The queue is there when this is counted'), never())
    await busy.return?.()
    await Promise.all(asked)
    expect(order).toEqual(['high', 'normal', 'low'])
  })
})

describe('the time that a request would wait', () => {
  test('is nothing while a slot is free, and unknown before anything began', () => {
    const turns = createTurns({ mostWaiting: 10, now: () => 0 })
    expect(turns.measure('m', 2)).toEqual({ answering: 0, waiting: 0 })
    turns.enter('m', 2, '')
    expect(turns.measure('m', 2)).toEqual({ answering: 0, waiting: 1, estimatedWaitMs: 0 })
    turns.enter('m', 2, '')
    expect(turns.measure('m', 2)).toEqual({ answering: 0, waiting: 2 })
  })

  test('goes by what the first answer took so far, until one has ended', () => {
    let time = 0
    const turns = createTurns({ mostWaiting: 1, now: () => time })
    turns.enter('m', 1, '').begin()
    time = 4000
    expect(turns.measure('m', 1)).toEqual({ answering: 1, waiting: 0, estimatedWaitMs: 4000 })
    turns.enter('m', 1, '')
    expect(() => turns.enter('m', 1, '')).toThrow(expect.objectContaining({ retryAfterMs: 8000 }))
  })

  test('grows with those ahead, and with what answers took', () => {
    let time = 0
    const turns = createTurns({ mostWaiting: 10, now: () => time })
    const first = turns.enter('m', 1, '')
    first.begin()
    time = 8000
    first.finish()
    first.leave()
    turns.enter('m', 1, '').begin()
    expect(turns.measure('m', 1).estimatedWaitMs).toBe(8000)
    turns.enter('m', 1, '')
    expect(turns.measure('m', 1)).toEqual({ answering: 1, waiting: 1, estimatedWaitMs: 16_000 })
  })

  test('goes by whole answers: one whose client left early says nothing of how long others take', () => {
    let time = 0
    const turns = createTurns({ mostWaiting: 10, now: () => time })
    const whole = turns.enter('m', 1, '')
    whole.begin()
    time = 8000
    whole.finish()
    whole.leave()
    const left = turns.enter('m', 1, '')
    left.begin()
    left.leave()
    turns.enter('m', 1, '').begin()
    expect(turns.measure('m', 1).estimatedWaitMs).toBe(8000)
    expect(turns.retryAfterMs('m', 1)).toBe(8000)
  })

  test('is the time to come back, within bounds', () => {
    let time = 0
    const turns = createTurns({ mostWaiting: 1, now: () => time })
    const first = turns.enter('m', 1, '')
    first.begin()
    time = 3_600_000
    first.finish()
    first.leave()
    turns.enter('m', 1, '').begin()
    turns.enter('m', 1, '')
    expect(() => turns.enter('m', 1, '')).toThrow(expect.objectContaining({ retryAfterMs: 60_000 }))
  })

  test('is free again when a request leaves, however often it says so', () => {
    const turns = createTurns({ mostWaiting: 1, now: () => 0 })
    const turn = turns.enter('m', 1, '')
    turn.begin()
    turn.leave()
    turn.leave()
    turn.begin()
    expect(turns.measure('m', 1)).toMatchObject({ answering: 0, waiting: 0 })
  })
})

describe('a full queue', () => {
  test('takes a request of a client that has less than its share of it, and none of who filled it', () => {
    const turns = createTurns({ mostWaiting: 3, now: () => 0 })
    const flood = Array.from({ length: 4 }, () => turns.enter('m', 1, 'ada'))
    expect(() => turns.enter('m', 1, 'ada')).toThrow("the queue of model 'm' is full")
    turns.enter('m', 1, 'bob')
    turns.enter('m', 1, 'bob')
    expect(() => turns.enter('m', 1, 'bob')).toThrow("the queue of model 'm' is full")
    turns.enter('m', 1, 'eve')
    expect(() => turns.enter('m', 1, 'eve')).toThrow("the queue of model 'm' is full")
    for (const turn of flood) turn.leave()
    turns.enter('m', 1, 'ada')
    expect(turns.measure('m', 1).waiting).toBe(4)
  })
})
