import { expect, test } from 'vitest'
import { ReadingRate } from './reading-rate.ts'

const minutes = 60_000

/** A rate that has noted its first piece, which says nothing. */
function begun(): ReadingRate {
  const rate = new ReadingRate()
  rate.note({ tokens: 512, milliseconds: 60_000 }, 0)
  return rate
}

test('nothing is known before the second piece, for the first may have waited for a disk', () => {
  const rate = begun()
  expect(rate.perSecond(0)).toBeUndefined()
  rate.note({ tokens: 500, milliseconds: 1000 }, 0)
  expect(rate.perSecond(0)).toBe(500)
})

test('pieces count by their tokens, so that small ones do not decide', () => {
  const rate = begun()
  rate.note({ tokens: 1000, milliseconds: 1000 }, 0)
  rate.note({ tokens: 10, milliseconds: 100 }, 0)
  expect(rate.perSecond(0)).toBeGreaterThan(900)
})

test('what was measured lately counts more: a machine that became slow is known for slow after some prompts', () => {
  const rate = begun()
  for (let piece = 0; piece < 50; piece += 1) rate.note({ tokens: 512, milliseconds: 512 }, 0)
  expect(rate.perSecond(0)).toBeCloseTo(1000)
  for (let piece = 0; piece < 50; piece += 1) rate.note({ tokens: 512, milliseconds: 5120 }, 0)
  expect(rate.perSecond(0)).toBeLessThan(110)
})

test('one piece that was held up for an hour does not make a process known for slow', () => {
  const rate = begun()
  for (let piece = 0; piece < 20; piece += 1) rate.note({ tokens: 512, milliseconds: 512 }, 0)
  rate.note({ tokens: 512, milliseconds: 60 * minutes }, 0)
  expect(rate.perSecond(0)).toBeGreaterThan(700)
})

test('what is older than ten minutes is forgotten, so that no bad hour keeps prompts away for ever', () => {
  const rate = begun()
  rate.note({ tokens: 500, milliseconds: 50_000 }, 0)
  expect(rate.perSecond(10 * minutes)).toBe(10)
  expect(rate.perSecond(10 * minutes + 1)).toBeUndefined()
  rate.note({ tokens: 500, milliseconds: 500 }, 11 * minutes)
  expect(rate.perSecond(11 * minutes)).toBe(1000)
})
