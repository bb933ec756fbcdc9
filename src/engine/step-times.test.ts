import { expect, test } from 'vitest'
import { createStepTimes, usualPatience } from './step-times.ts'

const patience = { floorMs: 100, steps: 20, firstMs: 5000 }
const evaluating = (evaluates: number) => ({ evaluates, moves: 0 })
const moving = (moves: number) => ({ evaluates: 0, moves })

test('a process may take long for its first steps of each kind', () => {
  const times = createStepTimes(patience)
  expect([times.allowedMs(evaluating(1)), times.allowedMs(evaluating(512))]).toEqual([5000, 5000])
  times.note(evaluating(1), 10)
  expect([times.allowedMs(evaluating(1)), times.allowedMs(evaluating(512))]).toEqual([200, 5000])
})

test('the usual step decides, not a single slow one, and never below the floor', () => {
  const times = createStepTimes(patience)
  for (const milliseconds of [1, 1, 90_000]) times.note(evaluating(1), milliseconds)
  expect(times.allowedMs(evaluating(1))).toBe(100)
})

test('a machine that became slow is given its time', () => {
  const times = createStepTimes(patience)
  for (let step = 0; step < 40; step += 1) times.note(evaluating(512), 10)
  for (let step = 0; step < 40; step += 1) times.note(evaluating(512), 4000)
  expect(times.allowedMs(evaluating(512))).toBe(80_000)
})

test('what is no step has the floor', () => {
  expect(createStepTimes(usualPatience).allowedMs(evaluating(0))).toBe(30_000)
})

test('moving a conversation may take as long as it is large, and never less than a slow disk takes', () => {
  const times = createStepTimes(patience)
  times.note(evaluating(1), 10)
  expect([times.allowedMs(moving(1e9)), times.allowedMs(moving(4e6))]).toEqual([5000, 1100])
  for (const milliseconds of [1, 10, 1]) times.note(moving(2 ** 20), milliseconds)
  expect([times.allowedMs(moving(2 ** 30)), times.allowedMs(moving(400_000))]).toEqual([204_800, 200])
  expect(times.allowedMs(evaluating(1))).toBe(200)
})
