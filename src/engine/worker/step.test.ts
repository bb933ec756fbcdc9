import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { planStep } from './step.ts'
import type { Working } from './step.ts'

const limits = { batchTokens: 512, promptTokens: 512 }

const lane = (slot: number, remaining: number): Working => ({
  slot,
  remaining,
  urgency: 1,
  arrived: slot,
  inBulk: false,
})

test('every answer being written gets one token', () => {
  const working = [5, 2, 7].map(slot => lane(slot, 0))
  expect(planStep(working, limits)).toEqual([2, 5, 7].map(slot => ({ slot, count: 1 })))
})

test('a prompt alone takes the whole step', () => {
  expect(planStep([lane(0, 2000)], limits)).toEqual([{ slot: 0, count: 512 }])
})

const beside = [lane(0, 0), lane(1, 2000)]

test('a prompt takes no more than the room there is for prompts', () => {
  expect(planStep(beside, { ...limits, promptTokens: 7 })).toEqual([
    { slot: 0, count: 1 },
    { slot: 1, count: 7 },
  ])
})

test('without room for prompts, a step only writes', () => {
  expect(planStep(beside, { ...limits, promptTokens: 0 })).toEqual([{ slot: 0, count: 1 }])
})

test('a prompt that is evaluated in bulk takes a large piece also where there is less room', () => {
  const inBulk = beside.map(each => ({ ...each, inBulk: true }))
  expect(planStep(inBulk, { ...limits, promptTokens: 7 })).toContainEqual({ slot: 1, count: 64 })
})

test('the oldest prompt has half of a step, and the shortest ones the rest', () => {
  const working = [2000, 300, 100, 3000].map((remaining, slot) => lane(slot, remaining))
  expect(planStep(working, limits)).toEqual([
    { slot: 0, count: 256 },
    { slot: 1, count: 156 },
    { slot: 2, count: 100 },
  ])
})

test('a prompt that others wait for is as short as what they wait for', () => {
  const working = [2000, 300, 100, 3000].map((remaining, slot) => lane(slot, remaining))
  const awaited = working.map(each => (each.slot === 3 ? { ...each, awaited: 90 } : each))
  expect(planStep(awaited, limits)).toEqual([
    { slot: 0, count: 256 },
    { slot: 3, count: 256 },
  ])
})

test('a more urgent prompt goes first, and leaves the oldest one an eighth', () => {
  const working = [2000, 100, 3000].map((remaining, slot) => lane(slot, remaining))
  const urgent = working.map(each => (each.slot === 2 ? { ...each, urgency: 2 } : each))
  expect(planStep(urgent, limits)).toEqual([
    { slot: 0, count: 64 },
    { slot: 2, count: 448 },
  ])
})

test('what the others do not need is the oldest one’s', () => {
  const working = [2000, 30].map((remaining, slot) => lane(slot, remaining))
  expect(planStep(working, limits)).toEqual([
    { slot: 0, count: 482 },
    { slot: 1, count: 30 },
  ])
})

test('the last piece of a prompt is not left small', () => {
  expect(planStep([lane(0, 520)], limits)).toEqual([{ slot: 0, count: 456 }])
})

const working: fc.Arbitrary<readonly Working[]> = fc
  .uniqueArray(fc.nat({ max: 15 }), { minLength: 1, maxLength: 16 })
  .chain(slots =>
    fc.tuple(
      ...slots.map(slot =>
        fc.record({
          slot: fc.constant(slot),
          remaining: fc.nat({ max: 3000 }),
          urgency: fc.nat({ max: 2 }),
          arrived: fc.nat({ max: 99 }),
          inBulk: fc.boolean(),
        }),
      ),
    ),
  )

test('a step is never larger than the batch, ascends, gives nobody more than they have, and moves the oldest', () => {
  fc.assert(
    fc.property(
      working,
      fc.integer({ min: 16, max: 2048 }),
      fc.integer({ min: 1, max: 512 }),
      (lanes, batch, shared) => {
        const shares = planStep(lanes, { batchTokens: batch, promptTokens: shared })
        const total = shares.reduce((sum, { count }) => sum + count, 0)
        expect(total).toBeLessThanOrEqual(batch)
        expect(shares.map(({ slot }) => slot)).toEqual(shares.map(({ slot }) => slot).toSorted((a, b) => a - b))
        for (const { slot, count } of shares) {
          const owner = lanes.find(candidate => candidate.slot === slot)
          expect(count).toBeGreaterThan(0)
          expect(count).toBeLessThanOrEqual(Math.max(1, owner?.remaining ?? 0))
        }
        const writing = lanes.filter(({ remaining }) => remaining === 0)
        for (const { slot } of writing) expect(shares).toContainEqual({ slot, count: 1 })
        const oldest = lanes.filter(({ remaining }) => remaining > 0).toSorted((a, b) => a.arrived - b.arrived)[0]
        const moves = !oldest || writing.length >= batch || shares.some(({ slot }) => slot === oldest.slot)
        expect(moves).toBe(true)
      },
    ),
  )
})
