import { expect, test } from 'vitest'
import { emptyLane } from './lane.ts'
import { padGaps } from './padding.ts'

const lanes = Array.from({ length: 8 }, (_, id) => emptyLane(id))
const model = { canForget: true, contextTokens: 64, batchTokens: 16 }
const writing = [0, 3, 4, 6].map(slot => ({ slot, position: 9, tokens: Uint32Array.of(1), samples: true }))
const slotsOf = (room: typeof model): readonly number[] => padGaps(writing, lanes, room).map(({ slot }) => slot)

test('the idle slots between those that write get a token', () => {
  expect(slotsOf(model)).toEqual([1, 2, 5])
})

test('no slot gets a token where there is no room for it in the batch, or for those that cannot forget it', () => {
  expect(slotsOf({ ...model, batchTokens: 5 })).toEqual([1])
  expect(slotsOf({ ...model, canForget: false })).toEqual([])
})

test('a slot whose context is full is left out', () => {
  const full = lanes.map(lane => (lane.id === 2 ? { ...lane, tokens: Array<number>(64).fill(1) } : lane))
  expect(padGaps(writing, full, model).map(({ slot }) => slot)).toEqual([1, 5])
})
