import { beforeEach, expect, test } from 'vitest'
import { PlaceHealth } from './place-health.ts'
import { TookTooLong } from '../within.ts'

let nowMs: number
let told: string[]
let health: PlaceHealth

beforeEach(() => {
  nowMs = 1000
  told = []
  health = new PlaceHealth({
    now: () => nowMs,
    onTrouble: ({ place, problem }) => void told.push(`${place}: ${problem}`),
  })
})

const full = new Error('no space is left')

test('a place that failed is left alone for twice as long each time, and told once', () => {
  const rests: number[] = []
  for (let failures = 0; failures < 8; failures += 1) {
    health.failed('disk', 'write', full)
    const failedMs = nowMs
    while (!health.isUsable('disk', 'write')) nowMs += 10_000
    rests.push((nowMs - failedMs) / 1000)
  }
  expect(rests).toEqual([30, 60, 120, 240, 480, 600, 600, 600])
  expect(told).toEqual(['disk: to write there failed: no space is left'])
})

test('a place that cannot be written to can be read, and others are as they were', () => {
  health.failed('disk', 'write', full)
  expect(health.isUsable('disk', 'read')).toBe(true)
  expect(health.isUsable('memory', 'write')).toBe(true)
})

test('a place that hangs is used for nothing', () => {
  health.failed('disk', 'read', new TookTooLong('not done after 10 s', Promise.resolve()))
  expect(health.isUsable('disk', 'write')).toBe(false)
  health.failed('disk', 'write', full)
  expect(told).toEqual(['disk: to read there failed: not done after 10 s'])
})

test('a place where something still hangs is not tried again', async () => {
  const work = Promise.withResolvers<void>()
  const stuck = new TookTooLong('not done after 10 s', work.promise)
  health.failed('disk', 'write', stuck)
  nowMs += 3_600_000
  expect(health.isUsable('disk', 'read')).toBe(false)
  expect(health.isUsable('memory', 'read')).toBe(true)
  work.reject(full)
  await stuck.done
  expect(health.isUsable('disk', 'read')).toBe(true)
})

test('a place that works again is told anew when it fails again', () => {
  health.failed('disk', 'write', full)
  health.worked('disk', 'write')
  expect(health.isUsable('disk', 'write')).toBe(true)
  health.failed('disk', 'write', full)
  expect(told).toHaveLength(2)
})
