import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toTemplateValue } from './template-values.ts'

test('numbers of 64 bits and everything else stay as they are', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
      fc.pre(!/\d{19}|\de\+/.test(JSON.stringify(value)))
      expect(JSON.stringify(toTemplateValue(value))).toBe(JSON.stringify(value))
    }),
  )
})

test.each([1e19, 1e308, Number.POSITIVE_INFINITY, 2 ** 63])('%d becomes the largest number that fits', number => {
  const given = toTemplateValue({ a: [number, -number] })
  expect(given).toEqual({ a: [2 ** 63 - 1024, 1024 - 2 ** 63] })
})

test('a value that is nested too deep is refused', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  expect(toTemplateValue(nested(128))).toEqual(nested(128))
  expect(() => toTemplateValue(nested(200_000))).toThrow(RangeError)
})
