import { expect, test } from 'vitest'
import type { PullProgress } from './progress.ts'
import { Meter } from './progress.ts'

test('the speed is that of the last seconds, and reports come ten times a second at most', () => {
  let now = 0
  const told: PullProgress[] = []
  const meter = new Meter(
    progress => told.push(progress),
    'source',
    () => now,
  )
  meter.announce('downloading', 0, 10_000)
  for (now = 0; now <= 8000; now += 10) meter.advance('downloading', now, 10_000)
  expect(told.length).toBeLessThanOrEqual(81)
  expect(told.at(-1)).toMatchObject({ phase: 'downloading', source: 'source', totalBytes: 10_000 })
  expect(told.at(-1)?.bytesPerSecond).toBeCloseTo(1000, 0)
})

test('the last byte is always told', () => {
  const told: PullProgress[] = []
  const meter = new Meter(
    progress => told.push(progress),
    'source',
    () => 0,
  )
  meter.announce('downloading', 0, 10)
  meter.advance('downloading', 10, 10)
  expect(told.at(-1)?.receivedBytes).toBe(10)
})

test('a new phase begins without a speed', () => {
  const told: PullProgress[] = []
  let now = 0
  const meter = new Meter(
    progress => told.push(progress),
    'source',
    () => now,
  )
  meter.advance('downloading', 0)
  now = 1000
  meter.advance('downloading', 500)
  expect(told.at(-1)?.bytesPerSecond).toBe(500)
  meter.announce('verifying', 500)
  expect(told.at(-1)).not.toHaveProperty('bytesPerSecond')
  expect(told.at(-1)).not.toHaveProperty('totalBytes')
})
