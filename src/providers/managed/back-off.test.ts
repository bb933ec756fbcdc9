import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pauseAfter, usualBackOff } from './back-off.ts'

test('an engine that ended once is started again at once, and then with longer and longer waits', () => {
  expect([0, 1, 2, 3, 4].map(failures => pauseAfter(failures, usualBackOff))).toEqual([
    { type: 'wait', ms: 0 },
    { type: 'wait', ms: 0 },
    { type: 'wait', ms: 1000 },
    { type: 'wait', ms: 2000 },
    { type: 'wait', ms: 4000 },
  ])
})

test('an engine that goes on failing is left alone for a minute, then two, and ten at most', () => {
  expect([5, 6, 7, 8, 9, 2000].map(failures => pauseAfter(failures, usualBackOff).ms)).toEqual([
    60_000, 120_000, 240_000, 480_000, 600_000, 600_000,
  ])
  expect(pauseAfter(5, usualBackOff).type).toBe('rest')
})

test('more failures never make a pause shorter', () => {
  fc.assert(
    fc.property(fc.nat(5000), failures => {
      const { ms } = pauseAfter(failures, usualBackOff)
      expect(pauseAfter(failures + 1, usualBackOff).ms).toBeGreaterThanOrEqual(ms)
    }),
  )
})
