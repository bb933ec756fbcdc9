import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backOffMs } from './back-off.ts'

test('each pause is twice as long as the one before, up to four seconds', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 60].map(before => backOffMs({ before, chance: 1 }))
  expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000])
})

test('chance shortens a pause by half at most', () => {
  expect(backOffMs({ before: 2, chance: 0 })).toBe(500)
})

test('a target that asks for too much time is left', () => {
  expect(backOffMs({ before: 0, chance: 0, retryAfterMs: 5001 })).toBeUndefined()
})

test('a target is never asked before the time that it asked for', () => {
  const property = fc.property(fc.nat(9), fc.nat(5000), fc.double({ min: 0, max: 1, noNaN: true }), (...drawn) => {
    const [before, retryAfterMs, chance] = drawn
    const pauseMs = backOffMs({ before, retryAfterMs, chance }) ?? -1
    expect(pauseMs).toBeGreaterThanOrEqual(retryAfterMs)
    expect(pauseMs).toBeLessThanOrEqual(retryAfterMs + 4000)
  })
  fc.assert(property)
})
