import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guardJson } from './json-guard.ts'

const limits = { maxDepth: 4, maxNodes: 20 }

function passes(text: string, within = limits): boolean {
  try {
    guardJson(Buffer.from(text), within)
    return true
  } catch {
    return false
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

/** As the guard counts: an empty array or object is two. */
function nodesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  const children = Object.values(value)
  return children.length === 0 ? 2 : 1 + children.reduce((sum: number, child) => sum + nodesOf(child), 0)
}

test('the greatest depth passes, and one more does not', () => {
  expect(passes('[[[[1]]]]')).toBe(true)
  expect(passes('[[[[[1]]]]]')).toBe(false)
  expect(passes('{"a":{"a":{"a":{"a":1}}}}')).toBe(true)
  expect(passes('{"a":{"a":{"a":{"a":[]}}}}')).toBe(false)
})

test('the greatest count passes, and one more does not', () => {
  expect(passes(JSON.stringify(Array.from({ length: 19 }, () => 1)))).toBe(true)
  expect(passes(JSON.stringify(Array.from({ length: 20 }, () => 1)))).toBe(false)
})

test('depth and count are those of any JSON value, spaced or not', () => {
  const property = fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 1), (value, indent) => {
    const text = JSON.stringify(value, null, indent)
    const depth = depthOf(value)
    const nodes = nodesOf(value)
    expect(passes(text, { maxDepth: depth, maxNodes: nodes })).toBe(true)
    if (depth > 0) expect(passes(text, { maxDepth: depth - 1, maxNodes: nodes })).toBe(false)
    if (nodes > 1) expect(passes(text, { maxDepth: depth, maxNodes: nodes - 1 })).toBe(false)
  })
  fc.assert(property, { numRuns: 500 })
})

test('brackets and commas within strings do not count, whatever is escaped and however long the string is', () => {
  const letter = fc.constantFrom('[', '{', ',', '"', '\\', 'a', '\n', 'é', '😀')
  const property = fc.property(
    fc.array(letter, { maxLength: 200 }),
    fc.array(letter, { maxLength: 200 }),
    (one, two) => {
      const text = JSON.stringify([one.join(''), { [two.join('')]: 1 }])
      expect(passes(text, { maxDepth: 2, maxNodes: 4 })).toBe(true)
      expect(passes(text, { maxDepth: 2, maxNodes: 3 })).toBe(false)
      expect(passes(text, { maxDepth: 1, maxNodes: 4 })).toBe(false)
    },
  )
  fc.assert(property, { numRuns: 1000 })
})

test.each([31, 32, 33, 34])(
  'a string whose %s backslashes end at the edge of the walked part ends where it should',
  count => {
    for (const lead of ['', 'a']) {
      const inner = lead + '\\'.repeat(count)
      expect(passes(`[${JSON.stringify(inner)},[1]]`, { maxDepth: 2, maxNodes: 4 })).toBe(true)
      expect(passes(`[${JSON.stringify(inner)},[1]]`, { maxDepth: 1, maxNodes: 4 })).toBe(false)
    }
  },
)

test.each(['"', '["\\', '"\\"', '', ']]]]', '[[', '\u0000'])(
  'the text %j, which is no JSON, is left for the parser',
  text => {
    expect(passes(text)).toBe(true)
  },
)

test('the message says what is too much', () => {
  expect(() => guardJson(Buffer.from('['.repeat(200_000)))).toThrow('nested more than 128 levels deep')
  expect(() => guardJson(Buffer.from(`[${'{},'.repeat(3_000_000)}{}]`))).toThrow('made of more than 500000 values')
})
