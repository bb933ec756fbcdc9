import fc from 'fast-check'
import { expect, test } from 'vitest'
import { llama8b } from '../../test/support/described-models.ts'
import { embeddingBytes, estimateMemory } from './memory.ts'
import { allLayers, placeModel } from './placement.ts'

const gibibyte = 2 ** 30
const wish = { contextTokens: 32_768, slots: 1 }
const { totalBytes, kvBytes, processBytes } = estimateMemory(llama8b, wish)
const place = (graphicsBytes: number, mostGraphicsLayers?: number) =>
  placeModel(llama8b, wish, { graphicsBytes, ...(mostGraphicsLayers !== undefined && { mostGraphicsLayers }) })

test('without a graphics processor all of a model lies in main memory', () => {
  expect(placeModel(llama8b, wish, {})).toEqual({ mainBytes: totalBytes, graphicsBytes: 0, graphicsLayers: 0 })
})

test('where there is room on a graphics processor, only the process and the vectors of tokens lie in main memory', () => {
  const whole = place(24 * gibibyte)
  expect(whole.graphicsLayers).toBe(allLayers(llama8b))
  expect(whole.mainBytes).toBe(embeddingBytes(llama8b) + processBytes)
  expect(whole.mainBytes + whole.graphicsBytes).toBe(totalBytes + 512 * 2 ** 20)
})

test('a layer takes its keys and values along', () => {
  const some = place(24 * gibibyte, 10)
  expect(some.graphicsLayers).toBe(10)
  expect(totalBytes - some.mainBytes).toBe(10 * (131_000_000 + kvBytes / 32))
})

test('too little room for one layer is not used', () => {
  expect(place(gibibyte)).toEqual({ mainBytes: totalBytes, graphicsBytes: 0, graphicsLayers: 0 })
})

test('never more is placed than there is room for, and more room never leaves more in main memory', () => {
  const bytes = fc.nat(16 * gibibyte)
  fc.assert(
    fc.property(bytes, bytes, fc.integer({ min: 0, max: 40 }), (one, other, layers) => {
      const [less, more] = [place(Math.min(one, other), layers), place(Math.max(one, other), layers)]
      expect(less.graphicsBytes).toBeLessThanOrEqual(Math.min(one, other))
      expect(less.graphicsLayers).toBeLessThanOrEqual(layers)
      expect(more.mainBytes).toBeLessThanOrEqual(less.mainBytes)
    }),
  )
})
