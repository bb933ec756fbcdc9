import { describe, expect, test } from 'vitest'
import { passingClock } from '../../test/support/passing-clock.ts'
import { readAll } from '../../test/support/read-all.ts'
import { begins, ends, gate, says, scripted, text, type Step } from '../../test/support/scripted-backend.ts'
import type { Timeouts } from '../core/provider-settings.ts'
import { supervise } from './supervise.ts'

const request = { model: 'm', system: [], messages: [] }

function supervised(timeouts: Timeouts, steps: readonly Step[]) {
  const clock = passingClock()
  const backend = scripted({ steps })
  const { signal } = new AbortController()
  const open = (inner: AbortSignal) => backend.stream(request, inner)
  const items = supervise(open, { signal, timeouts, clock, isSaying: ({ type }) => type !== 'start' })
  const iterator = items[Symbol.asyncIterator]()
  return { clock, backend, iterator, items: { [Symbol.asyncIterator]: () => iterator } }
}

const all = { firstTokenMs: 100, idleMs: 50, totalMs: 1000 }

test('an answer in time passes unchanged, and nothing is waited for after it', async () => {
  const { items, clock } = supervised(all, says('a', 'b'))
  expect(await readAll(items)).toEqual(says('a', 'b'))
  expect(clock.waiting).toBe(0)
})

describe('a target that is asked to stop, and freed,', () => {
  test('says nothing for too long: a beginning is not a word', async () => {
    const [start] = begins()
    const { iterator, clock, backend } = supervised({ firstTokenMs: 100 }, [start as Step, { gate: gate().gate }])
    await iterator.next()
    const next = iterator.next()
    clock.pass(99)
    expect(backend.open).toBe(1)
    clock.pass(1)
    await expect(next).rejects.toMatchObject({ kind: 'timeout', message: 'the target said nothing within 100 ms' })
    await backend.ended(1)
    expect(clock.waiting).toBe(0)
  })

  test('stops in the middle', async () => {
    const { iterator, clock, backend } = supervised(all, [...begins(), text('a'), { gate: gate().gate }])
    for (let count = 0; count < 3; count += 1) await iterator.next()
    const next = iterator.next()
    clock.pass(50)
    await expect(next).rejects.toMatchObject({ kind: 'timeout', message: expect.stringContaining('in the middle') })
    await backend.ended(1)
  })

  test('does not finish, however lively it is', async () => {
    const { iterator, clock, backend } = supervised({ totalMs: 100 }, says(...'abcdefghijklmnop'))
    for (let count = 0; count < 5; count += 1) await iterator.next()
    clock.pass(100)
    await expect(iterator.next()).rejects.toMatchObject({ kind: 'timeout' })
    await backend.ended(1)
  })

  test('does not listen: the client is told all the same', async () => {
    const clock = passingClock()
    const deaf = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
    const { signal } = new AbortController()
    const items = supervise<string>(() => deaf, { signal, timeouts: { firstTokenMs: 5 }, clock, isSaying: () => true })
    const next = items[Symbol.asyncIterator]().next()
    clock.pass(5)
    await expect(next).rejects.toMatchObject({ kind: 'timeout' })
  })
})

test('time in which nobody reads does not count between two items', async () => {
  const { iterator, clock } = supervised({ idleMs: 50 }, says('a', 'b'))
  for (let count = 0; count < 3; count += 1) await iterator.next()
  clock.pass(10_000)
  expect(await iterator.next()).toMatchObject({ value: text('b') })
})

test('closing it closes the target and ends all waiting', async () => {
  const { iterator, clock, backend } = supervised(all, says('a'))
  await iterator.next()
  await iterator.return?.()
  expect([backend.open, clock.waiting]).toEqual([0, 0])
})

test('a failure of the target is its own, and ends all waiting', async () => {
  const failure = new Error('broken')
  const { items, clock } = supervised(all, [...begins(), { fail: failure }, ...ends(0)])
  await expect(readAll(items)).rejects.toBe(failure)
  expect(clock.waiting).toBe(0)
})
