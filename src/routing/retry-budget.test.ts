import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRetryBudget } from './retry-budget.ts'

test('a quiet server may repeat three times in ten seconds', () => {
  let now = 0
  const budget = createRetryBudget({ now: () => now })
  const taken = (): number => Array.from({ length: 100 }, () => budget.take()).filter(Boolean).length
  expect(taken()).toBe(3)
  now = 9999
  expect(taken()).toBe(0)
  now = 10_000
  expect(taken()).toBe(3)
})

test.each([
  [1, 3],
  [14, 3],
  [15, 3],
  [20, 4],
  [50, 10],
])('of %i requests in ten seconds %i may be repeated', (requests, repetitions) => {
  const budget = createRetryBudget({ now: () => 0 })
  for (let count = 0; count < requests; count += 1) budget.note()
  expect(Array.from({ length: 100 }, () => budget.take()).filter(Boolean)).toHaveLength(repetitions)
})

test('a busy one may repeat a fifth of its requests', () => {
  const budget = createRetryBudget({ now: () => 0 })
  for (let count = 0; count < 1000; count += 1) budget.note()
  expect(Array.from({ length: 1000 }, () => budget.take()).filter(Boolean)).toHaveLength(200)
})

test('in no ten seconds are there more repetitions than the share or the least allows', () => {
  const step = fc.record({ afterMs: fc.nat(3000), requests: fc.nat(60), wanted: fc.nat(60) })
  const property = fc.property(fc.array(step, { maxLength: 60 }), steps => {
    let now = 0
    const budget = createRetryBudget({ now: () => now })
    const requests: number[] = []
    const taken: number[] = []
    for (const { afterMs, requests: count, wanted } of steps) {
      now += afterMs
      for (let index = 0; index < count; index += 1) {
        budget.note()
        requests.push(now)
      }
      for (let index = 0; index < wanted; index += 1) if (budget.take()) taken.push(now)
      if (taken.at(-1) !== now) continue
      const inWindow = (times: readonly number[]) => times.filter(at => at > now - 9000).length
      const before = requests.filter(at => at > now - 10_000).length
      expect(inWindow(taken)).toBeLessThanOrEqual(Math.max(0.2 * before, 3))
    }
  })
  fc.assert(property, { numRuns: 300 })
})
