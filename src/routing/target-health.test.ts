import { expect, test } from 'vitest'
import { ModelError } from '../core/errors.ts'
import { createTargetHealth } from './target-health.ts'

const down = new ModelError('unavailable', 'down')

test('a target that failed five times rests, and others do not', () => {
  const health = createTargetHealth(() => 0)
  for (let count = 0; count < 5; count += 1) health.note('a/m', down)
  expect(health.admit('a/m')).toEqual({ isAdmitted: false, restsForMs: 5000, kind: 'unavailable' })
  expect(health.restsForMs('a/m')).toBe(5000)
  expect(health.admit('a/n')).toEqual({ isAdmitted: true })
})

test('a target that asks for time gets it at once, and says why', () => {
  const health = createTargetHealth(() => 0)
  health.note('a/m', new ModelError('rate-limited', 'slow down', { retryAfterMs: 20_000 }))
  expect(health.admit('a/m')).toEqual({ isAdmitted: false, restsForMs: 20_000, kind: 'rate-limited' })
})

test('what is the fault of the request says nothing of the target', () => {
  const health = createTargetHealth(() => 0)
  const wrong = (['invalid-request', 'not-found', 'too-large', 'forbidden', 'aborted'] as const).map(
    kind => new ModelError(kind, 'no'),
  )
  for (let count = 0; count < 20; count += 1) for (const failure of wrong) health.note('a/m', failure)
  expect(health.restsForMs('a/m')).toBe(0)
})

test('a target that answers its probe is asked by all', () => {
  let now = 0
  const health = createTargetHealth(() => now)
  for (let count = 0; count < 5; count += 1) health.note('a/m', down)
  now = 5000
  expect(health.admit('a/m').isAdmitted).toBe(true)
  expect(health.admit('a/m').isAdmitted).toBe(false)
  health.note('a/m')
  expect(health.admit('a/m').isAdmitted).toBe(true)
  expect(health.admit('a/m').isAdmitted).toBe(true)
})

test('a probe whose client left makes way for the next', () => {
  let now = 0
  const health = createTargetHealth(() => now)
  for (let count = 0; count < 5; count += 1) health.note('a/m', down)
  now = 5000
  health.admit('a/m')
  health.leave('a/m')
  expect(health.admit('a/m').isAdmitted).toBe(true)
})

test('a thousand targets are remembered, and of more the one that failed first is forgotten', () => {
  const health = createTargetHealth(() => 0)
  const asksForTime = new ModelError('overloaded', 'busy', { retryAfterMs: 9000 })
  for (let count = 0; count < 1001; count += 1) health.note(`a/${count}`, asksForTime)
  expect(health.restsForMs('a/0')).toBe(0)
  expect(health.restsForMs('a/1')).toBe(9000)
  expect(health.restsForMs('a/1000')).toBe(9000)
})

test.each([
  ['unavailable', ['a/m']],
  ['timeout', ['a/m']],
  ['overloaded', ['a/m']],
  ['unauthorized', []],
  ['quota-exhausted', []],
  ['rate-limited', []],
] as const)('a check may bring back a target that is %s: %j', (kind, targets) => {
  const health = createTargetHealth(() => 0)
  const told: string[] = []
  const stop = health.onRest(target => told.push(target))
  for (let count = 0; count < 5; count += 1) health.note('a/m', new ModelError(kind, 'no'))
  expect([health.checkable(), told]).toEqual([targets, targets])
  stop()
  health.note('a/m', new ModelError(kind, 'no'))
  expect(told).toEqual(targets)
  health.revive('a/m')
  expect(health.checkable()).toEqual([])
})
