import { expect, test } from 'vitest'
import { hastyClock, passingClock } from '../../test/support/passing-clock.ts'
import { planned, planOf } from '../../test/support/planned.ts'
import { cloud } from '../../test/support/routing-view.ts'
import { ModelError, type ErrorKind, type ModelErrorOptions } from '../core/errors.ts'
import type { Loss } from '../core/loss.ts'
import type { Clock } from './clock.ts'
import { createRetryBudget } from './retry-budget.ts'
import type { PlannedTarget } from './route-plan.ts'
import { runCall, type Call } from './run-call.ts'
import type { SearchRules } from './search.ts'
import { createTargetHealth } from './target-health.ts'

type Answer = number | ModelError | (() => Promise<number>)

function fails(kind: ErrorKind = 'unavailable', options: ModelErrorOptions = {}): ModelError {
  return new ModelError(kind, `it is ${kind}`, options)
}

/** A server with its memory of targets, whose targets give these answers in turn, the last one again and again. */
function serverWith(answers: Readonly<Record<string, readonly Answer[]>>, clock: Clock = hastyClock()) {
  const { now } = clock
  const means = { clock, random: () => 0.5, health: createTargetHealth(now), budget: createRetryBudget({ now }) }
  const asked: string[] = []
  const ask = async ({ provider }: PlannedTarget): Promise<number> => {
    const before = asked.filter(name => name === provider).length
    asked.push(provider)
    const mine = answers[provider] ?? []
    const answer = mine[Math.min(before, mine.length - 1)]
    if (typeof answer === 'number') return answer
    if (typeof answer === 'function') return answer()
    throw answer ?? new Error('nobody is to be asked')
  }
  const call = (
    changes: Partial<PlannedTarget> = {},
    { isAsked = () => true, losses = () => [], ...rules }: Partial<SearchRules & Call<number>> = {},
  ) => {
    const targets = Object.keys(answers).map(name => planned(cloud(name), changes))
    const signal = new AbortController().signal
    return runCall(planOf(...targets), { model: 'asked', ask, isAsked, losses }, { signal, means, ...rules })
  }
  return { asked, means, call }
}

test('a call is answered by the first target that can, and a failure leads to the next', async () => {
  const { asked, call } = serverWith({ one: [fails()], two: [42] })
  expect(await call()).toBe(42)
  expect(asked).toEqual(['one', 'two'])
})

test('what may pass is asked for again, as often as the target allows', async () => {
  const { asked, call } = serverWith({ one: [fails(), 42] })
  expect(await call({ retries: 1 })).toBe(42)
  expect(asked).toEqual(['one', 'one'])
})

test('what a target itself asks to be repeated is, once and at once', async () => {
  const { asked, call } = serverWith({ one: [fails('unavailable', { isWorthRepeating: true }), 42] })
  expect(await call()).toBe(42)
  expect(asked).toEqual(['one', 'one'])
})

test('calls are counted for the health of targets, both ways, and those that rest are passed over', async () => {
  const { asked, means, call } = serverWith({ one: [fails()], two: [42] }, passingClock())
  for (let count = 0; count < 6; count += 1) await call()
  expect(asked.filter(name => name === 'one')).toHaveLength(5)
  means.health.revive('one/m')
  expect(means.health.restsForMs('one/m')).toBe(0)
})

test('what is estimated in the place of a target says nothing of how that one fares', async () => {
  const clock = passingClock()
  const { means, call } = serverWith({ one: [42] }, clock)
  for (let count = 0; count < 5; count += 1) means.health.note('one/m', fails())
  expect(await call({}, { isAsked: () => false })).toBe(42)
  expect(means.health.restsForMs('one/m')).toBeGreaterThan(0)
  await expect(call()).rejects.toMatchObject({ message: expect.stringContaining('failed of late') })
})

test('a target that cannot be told all of a strict call is passed over', async () => {
  const losses = ({ provider }: PlannedTarget): readonly Loss[] =>
    provider === 'one' ? [{ field: 'tools', action: 'dropped', why: 'it knows none' }] : []
  const { asked, call } = serverWith({ one: [1], two: [2] })
  expect(await call({}, { losses })).toBe(1)
  expect(await call({}, { losses, isStrict: true })).toBe(2)
  expect(asked).toEqual(['one', 'two'])
})

test('repetitions of calls and of answers share one budget', async () => {
  const { asked, means, call } = serverWith({ one: [fails()] }, passingClock())
  while (means.budget.take());
  await expect(call({ retries: 2 })).rejects.toMatchObject({ kind: 'unavailable' })
  expect(asked).toEqual(['one'])
})

test('a target that takes longer than it may in all is left, and no time is waited for afterwards', async () => {
  const clock = passingClock()
  const { call } = serverWith({ one: [() => new Promise(() => undefined)], two: [42] }, clock)
  const answer = call({ timeouts: { totalMs: 1000, firstTokenMs: 10 } })
  await new Promise(setImmediate)
  clock.pass(999)
  await new Promise(setImmediate)
  expect(clock.waiting).toBe(1)
  clock.pass(1)
  expect(await answer).toBe(42)
  expect(clock.waiting).toBe(0)
})

test('a client that has left is asked for no more, before and between attempts', async () => {
  const leaving = new AbortController()
  const leave = async (): Promise<number> => {
    leaving.abort(fails('aborted'))
    throw fails()
  }
  const { asked, call } = serverWith({ one: [leave], two: [42] })
  await expect(call({}, { signal: leaving.signal })).rejects.toMatchObject({ kind: 'aborted' })
  await expect(call({}, { signal: leaving.signal })).rejects.toMatchObject({ kind: 'aborted' })
  expect(asked).toEqual(['one'])
})
