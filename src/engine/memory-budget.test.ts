import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseEvictions, measureRoom } from './memory-budget.ts'
import type { Holding, MemoryBudget } from './memory-budget.ts'

const holding: fc.Arbitrary<Holding> = fc.record({
  model: fc.string(),
  bytes: fc.nat(100),
  state: fc.constantFrom('loading', 'busy', 'idle', 'pinned', 'ending'),
  lastUsed: fc.nat(1000),
})
const holdings = fc.array(holding, { maxLength: 8 })
const sum = (some: readonly Holding[]): number => some.reduce((total, { bytes }) => total + bytes, 0)
const model = (state: Holding['state'], bytes: number, lastUsed = 0): Holding => ({
  model: `${state} ${bytes}`,
  state,
  bytes,
  lastUsed,
})
const budget = (more: Partial<MemoryBudget> = {}): MemoryBudget => ({
  initialBytes: 100,
  availableBytes: 100,
  sharers: 1,
  ...more,
})

test('only idle models are unloaded, enough of them, and none too many', () => {
  fc.assert(
    fc.property(holdings, fc.integer({ min: 1, max: 400 }), (all, bytes) => {
      const chosen = chooseEvictions(all, bytes)
      const idle = all.filter(({ state }) => state === 'idle')
      expect(chosen.every(one => idle.includes(one))).toBe(true)
      if (sum(idle) < bytes) expect(chosen).toEqual([])
      else expect(sum(chosen)).toBeGreaterThanOrEqual(bytes)
      for (const one of chosen) expect(sum(chosen) - one.bytes).toBeLessThan(bytes)
    }),
  )
})

test('the least recently used goes first', () => {
  const [old, middle, fresh] = [model('idle', 10, 1), model('idle', 10, 2), model('idle', 10, 3)]
  expect(chooseEvictions([fresh, old, middle], 5)).toEqual([old])
  expect(chooseEvictions([fresh, old, middle], 15)).toEqual([old, middle])
})

test('an older model stays where the next one alone suffices', () => {
  const [small, large] = [model('idle', 1, 1), model('idle', 10, 2)]
  expect(chooseEvictions([small, large], 10)).toEqual([large])
})

test('idle and ending models can be reclaimed, busy and pinned ones cannot', () => {
  const all = [model('idle', 10), model('busy', 20), model('pinned', 30), model('ending', 5)]
  expect(measureRoom(all, budget({ ownersBytes: 100, sharers: 4 }))).toEqual({
    freeBytes: 35,
    reclaimableBytes: 50,
    wholeBytes: 70,
    shareBytes: 25,
  })
})

test('what other programs took is not there, unless the owner set an amount', () => {
  const all = [model('busy', 20)]
  expect(measureRoom(all, budget({ availableBytes: 30 })).freeBytes).toBe(30)
  expect(measureRoom(all, budget({ availableBytes: 30, ownersBytes: 200 })).freeBytes).toBe(180)
})

test('memory that other programs gave back is not taken', () => {
  expect(measureRoom([], budget({ availableBytes: 500 })).freeBytes).toBe(100)
})

test('a loading model counts as if it had taken nothing yet where room is promised, and all where it is hoped for', () => {
  const { freeBytes, wholeBytes } = measureRoom([model('loading', 40)], budget({ availableBytes: 70 }))
  expect([freeBytes, wholeBytes]).toEqual([30, 100])
})
