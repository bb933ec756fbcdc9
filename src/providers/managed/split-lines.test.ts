import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitLines } from './split-lines.ts'

function linesOf(pieces: readonly string[]): readonly string[] {
  const lines: string[] = []
  const take = splitLines(line => lines.push(line))
  for (const piece of pieces) take(piece)
  return lines
}

test('lines are the same however their text is cut', () => {
  const text = 'loading\r\n10 %\r20 %\rdone\n\n  \nready\n'
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), cuts => {
      const places = [0, ...cuts.toSorted((one, other) => one - other), text.length]
      const pieces = places.slice(1).map((end, at) => text.slice(places[at], end))
      expect(linesOf(pieces)).toEqual(['loading', '10 %', '20 %', 'done', 'ready'])
    }),
  )
})

test('what never ends its line is cut', () => {
  const lines = linesOf(Array.from({ length: 100 }, () => 'x'.repeat(1000)))
  expect(lines.length).toBeGreaterThan(10)
  expect(Math.max(...lines.map(({ length }) => length))).toBe(4096)
})
