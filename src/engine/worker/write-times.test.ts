import { expect, test } from 'vitest'
import { WriteTimes } from './write-times.ts'

const mebibyte = 2 ** 20

test('a place is taken for fast until it was seen to be slow', () => {
  const times = new WriteTimes()
  expect(times.isWorthIt('disk', 500 * mebibyte, 1000)).toBe(true)
  times.note('disk', 500 * mebibyte, 20_000)
  expect(times.isWorthIt('disk', 500 * mebibyte, 1000)).toBe(false)
  expect(times.isWorthIt('memory', 500 * mebibyte, 1000)).toBe(true)
})

test('what is worth more time may take more', () => {
  const times = new WriteTimes()
  times.note('disk', 500 * mebibyte, 20_000)
  expect(times.isWorthIt('disk', 500 * mebibyte, 60_000)).toBe(true)
})

test('a pause that nobody notices is always worth it', () => {
  const times = new WriteTimes()
  times.note('disk', 500 * mebibyte, 20_000)
  expect(times.isWorthIt('disk', mebibyte, 0)).toBe(true)
})

test('a place that was slow is tried again after some time', () => {
  const times = new WriteTimes()
  times.note('disk', 500 * mebibyte, 20_000)
  const isTried = Array.from({ length: 50 }, () => times.isWorthIt('disk', 500 * mebibyte, 1000))
  expect(isTried).toContain(true)
})
