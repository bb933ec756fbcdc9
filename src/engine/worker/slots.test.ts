import { describe, expect, test } from 'vitest'
import { chooseSeat, leastMissedSlot } from './slots.ts'
import type { Slot } from './slots.ts'

const count = (from: number, length: number): number[] => Array.from({ length }, (_, index) => from + index)

function slot(id: number, tokens: readonly number[], more: Partial<Slot> = {}): Slot {
  return {
    id,
    tokens,
    bulkTokens: tokens.length,
    askedTokens: tokens.length,
    pinnedTokens: 0,
    lastUsed: 0,
    isBusy: false,
    ...more,
  }
}

const arrival = (tokens: readonly number[]) => ({ tokens, isReproducible: false, canForget: true })

test('a prompt goes to the slot that holds most of its beginning', () => {
  const slots = [slot(0, [1, 2]), slot(1, [1, 2, 3, 4]), slot(2, [])]
  expect(chooseSeat(slots, arrival([1, 2, 3, 4, 5]))).toEqual({ slot: 1, keep: 4 })
})

test('the last token of a prompt is always evaluated', () => {
  expect(chooseSeat([slot(0, [1, 2, 3])], arrival([1, 2, 3]))).toEqual({ slot: 0, keep: 2 })
})

test('a prompt that shares nothing takes the slot that rested longest', () => {
  const slots = [slot(0, [9], { lastUsed: 3 }), slot(1, [8], { lastUsed: 1 }), slot(2, [7], { lastUsed: 2 })]
  expect(chooseSeat(slots, arrival([1, 2]))).toEqual({ slot: 1, keep: 0 })
})

test('while all slots are busy there is no seat', () => {
  expect(chooseSeat([slot(0, [1], { isBusy: true })], arrival([1, 2]))).toBeUndefined()
})

test('what a busy slot holds is copied from it', () => {
  const shared = count(0, 200)
  const slots = [slot(0, [...shared, 999], { isBusy: true }), slot(1, [5])]
  expect(chooseSeat(slots, arrival([...shared, 1]))).toEqual({ slot: 1, copyFrom: 0, keep: 200 })
})

test('another conversation is copied to an empty slot rather than cut short', () => {
  const shared = count(0, 200)
  const slots = [slot(0, [...shared, ...count(5000, 300)]), slot(1, [])]
  expect(chooseSeat(slots, arrival([...shared, 1]))).toEqual({ slot: 1, copyFrom: 0, keep: 200 })
})

test('a reproducible prompt reuses only what was evaluated in large pieces, and ends in one', () => {
  const shared = count(0, 500)
  const wish = { ...arrival([...shared, 1]), isReproducible: true }
  expect(chooseSeat([slot(0, [...shared, 2], { bulkTokens: 128 })], wish)).toEqual({ slot: 0, keep: 128 })
  expect(chooseSeat([slot(0, [...shared, 2], { bulkTokens: 500 })], wish)).toEqual({ slot: 0, keep: 437 })
  expect(chooseSeat([slot(0, [...shared, 2], { bulkTokens: 20 })], wish)).toEqual({ slot: 0, keep: 0 })
})

describe('where a slot goes back only to a few places', () => {
  const fixed = (tokens: readonly number[]) => ({ ...arrival(tokens), canForget: false })
  const held = (tokens: readonly number[], ...places: readonly number[]) =>
    slot(0, tokens, { places: [...places, tokens.length] })

  test('a prompt goes on from the end, or from the last place before the first token that differs', () => {
    expect(chooseSeat([held([1, 2])], fixed([1, 2, 3]))).toEqual({ slot: 0, keep: 2 })
    expect(chooseSeat([held([1, 2, 9], 1)], fixed([1, 2, 3]))).toEqual({ slot: 0, keep: 1 })
    expect(chooseSeat([held([1, 2, 3, 9], 1, 3)], fixed([1, 2, 3]))).toEqual({ slot: 0, keep: 1 })
    expect(chooseSeat([held([1, 2, 9])], fixed([1, 2, 3]))).toEqual({ slot: 0, keep: 0 })
  })

  test('a reproducible prompt needs a place that large pieces led to, and leaves a large one', () => {
    const [shared, wish] = [count(0, 300), { ...fixed([...count(0, 300), 1]), isReproducible: true }]
    expect(chooseSeat([held([...shared, 2], 100, 230)], wish)).toEqual({ slot: 0, keep: 230 })
    expect(chooseSeat([held([...shared, 2], 100, 240)], wish)).toEqual({ slot: 0, keep: 100 })
    const written = { ...held([...shared, 2], 100, 230), bulkTokens: 128 }
    expect(chooseSeat([written], wish)).toEqual({ slot: 0, keep: 100 })
  })

  test('what conversations share is copied from a busy slot that can go back to it', () => {
    const busy = { ...held([...count(0, 200), 999], 180), isBusy: true }
    expect(chooseSeat([busy, slot(1, [5])], fixed([...count(0, 200), 1]))).toEqual({ slot: 1, copyFrom: 0, keep: 180 })
  })
})

test('what was read from a file goes back no further than it can', () => {
  const wish = arrival([...count(0, 200), 1])
  expect(chooseSeat([slot(0, [...count(0, 200), 9], { earliest: 200 })], wish)).toEqual({ slot: 0, keep: 200 })
  expect(chooseSeat([slot(0, [...count(0, 200), 9], { earliest: 201 })], wish)).toEqual({ slot: 0, keep: 0 })
})

test('a conversation that goes on does not miss its last answer', () => {
  const asked = count(0, 400)
  const answered = slot(0, [...asked, ...count(5000, 600)], { askedTokens: 400 })
  const slots = [answered, slot(1, [])]
  expect(chooseSeat(slots, arrival([...asked, 1, 2]))).toEqual({ slot: 0, keep: 400 })
  // Another one that only shares its beginning leaves it alone.
  expect(chooseSeat(slots, arrival([...count(0, 300), 1, 2]))).toEqual({ slot: 1, copyFrom: 0, keep: 300 })
})

test('where no slot is empty, the conversation that rested longest gives way', () => {
  const shared = count(0, 200)
  const slots = [
    slot(0, [...shared, ...count(5000, 300)], { lastUsed: 9 }),
    slot(1, [...shared.slice(0, 150), ...count(7000, 300)], { lastUsed: 1 }),
  ]
  expect(chooseSeat(slots, arrival([...shared, 1]))).toEqual({ slot: 1, keep: 150 })
  const [first, second] = [slots[0], slot(1, count(7000, 300), { lastUsed: 1 })]
  expect(chooseSeat([first ?? second, second], arrival([...shared, 1]))).toEqual({ slot: 1, copyFrom: 0, keep: 200 })
})

test('what is pinned gives way last', () => {
  const slots = [
    slot(0, count(5000, 300), { lastUsed: 1, pinnedTokens: 300 }),
    slot(1, count(7000, 300), { lastUsed: 9 }),
  ]
  expect(chooseSeat(slots, arrival([1, 2]))).toEqual({ slot: 1, keep: 0 })
  expect(leastMissedSlot(slots)).toBe(1)
})

test('a busy slot never gives way', () => {
  expect(leastMissedSlot([slot(0, [], { isBusy: true }), slot(1, [1])])).toBe(1)
  expect(leastMissedSlot([slot(0, [], { isBusy: true })])).toBeUndefined()
})
