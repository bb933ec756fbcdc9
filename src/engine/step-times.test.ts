import { expect, test } from 'vitest'
import { createStepTimes, usualPatience } from './step-times.ts'

const patience = { floorMs: 100, steps: 20, firstMs: 5000 }

test('a process may take long for its first steps of each kind', () => {
  const times = createStepTimes(patience)
  expect([times.allowedMs(1), times.allowedMs(512)]).toEqual([5000, 5000])
  times.note(1, 10)
  expect([times.allowedMs(1), times.allowedMs(512)]).toEqual([200, 5000])
})

test('the usual step decides, not a single slow one, and never below the floor', () => {
  const times = createStepTimes(patience)
  for (const milliseconds of [1, 1, 90_000]) times.note(1, milliseconds)
  expect(times.allowedMs(1)).toBe(100)
})

test('a machine that became slow is given its time', () => {
  const times = createStepTimes(patience)
  for (let step = 0; step < 40; step += 1) times.note(512, 10)
  for (let step = 0; step < 40; step += 1) times.note(512, 4000)
  expect(times.allowedMs(512)).toBe(80_000)
})

test('what is no step has the floor', () => {
  expect(createStepTimes(usualPatience).allowedMs(0)).toBe(30_000)
})
