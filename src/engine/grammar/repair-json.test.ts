import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repairJson } from './repair-json.ts'

describe('what a model meant is put right', () => {
  test.each([
    ['a trailing comma', '{"a": [1, 2,],}', { a: [1, 2] }],
    ['open brackets', '{"a": {"b": [1, {"c": 2', { a: { b: [1, { c: 2 }] } }],
    ['an open string', '{"a": "some te', { a: 'some te' }],
    ['an open string that ends in an escape', '{"a": "x\\', { a: 'x' }],
    ['half an escape', String.raw`{"a": "x\u00e`, { a: 'x' }],
    ['single quotes', "{'a': 'it is', 'b': 'say \"x\"'}", { a: 'it is', b: 'say "x"' }],
    ['an apostrophe within single quotes', "{'a': 'it's fine'}", { a: "it's fine" }],
    ['Python’s words', '{"a": True, "b": False, "c": None}', { a: true, b: false, c: null }],
    ['words of JavaScript that JSON lacks', '{a: undefined, b: NaN, c: -Infinity}', { a: null, b: null, c: null }],
    ['line breaks within a string', '{"code": "a\n\tb"}', { code: 'a\n\tb' }],
    ['a fence', 'Sure, [here]:\n```json\n{"a": 1}\n```\nDone {x}', { a: 1 }],
    ['an open fence', '```\n{"a": 1', { a: 1 }],
    ['talk around', 'I call it with {"a": 1} as asked.', { a: 1 }],
    ['missing commas', '{"a": 1 "b": true "c": "x"\n"d": [1 "y"]}', { a: 1, b: true, c: 'x', d: [1, 'y'] }],
    ['keys without quotes', '{file_path: "/a", limit: 3}', { file_path: '/a', limit: 3 }],
    ['values without quotes', '{"mode": fast, "n": 1}', { mode: 'fast', n: 1 }],
    ['comments', '{"a": 1, // one\n /* two */ "b": 2}', { a: 1, b: 2 }],
    ['numbers of other languages', '[+1, .5, 007, 1., 1_000]', [1, 0.5, 7, 1, '1_000']],
    ['quotes within a string', '{"cmd": "echo "hi" now", "x": 1}', { cmd: 'echo "hi" now', x: 1 }],
    ['backslashes of a path', String.raw`{"p": "C:\Users\me"}`, { p: 'C:\\Users\\me' }],
    ['the wrong bracket', '{"a": [1, 2}, "b": 3}', { a: [1, 2] }],
    ['too many brackets', '{"a": 1}}}]', { a: 1 }],
    ['a missing value', '{"a": , "b": 2}', { a: null, b: 2 }],
    ['a key that the text breaks off in', '{"a": 1, "b', { a: 1 }],
    ['a key that the text breaks off after', '{"a": 1, "b":', { a: 1 }],
  ])('%s', (_, text, meant) => {
    expect(JSON.parse(repairJson(text) ?? '"hopeless"')).toEqual(meant)
  })
})

test.each(['', 'no', 'true that', '{"a":', '{"pa', '[{', '"x'])('%j is hopeless, and no empty object', text => {
  const repaired = repairJson(text)
  expect(repaired === undefined || repaired === '[{}]').toBe(true)
})

test('valid JSON is given back as it is', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom('', ' ', '\n'), (json, space) => {
      expect(repairJson(space + json)).toBe(space + json)
    }),
  )
})

const scrap = fc.string({
  unit: fc.constantFrom(...'{}[]",:\'\\/*`ab1.-u \n\t', 'true', 'None', '\\u00', '😀', '"a": ', '```json\n'),
  maxLength: 40,
})

test('whatever is given back is JSON, and is given back again as it is', () => {
  fc.assert(
    fc.property(scrap, text => {
      const repaired = repairJson(text)
      if (repaired === undefined) return
      expect(() => JSON.parse(repaired)).not.toThrow()
      expect(repairJson(repaired)).toBe(repaired)
    }),
    { numRuns: 5000 },
  )
})

test('what is cut off anywhere begins as it was meant', () => {
  const meant = {
    path: '/a/b.ts',
    edits: [
      { from: 'x\n"y"', to: '\\d é 😀' },
      { from: '', to: 'z' },
    ],
    all: true,
  }
  const text = JSON.stringify(meant)
  for (let length = text.indexOf(',') + 1; length < text.length; length += 1) {
    const repaired = JSON.parse(repairJson(text.slice(0, length)) ?? 'null')
    expect(repaired.path).toBe(meant.path)
    expect((repaired.edits ?? []).length).toBeLessThanOrEqual(2)
  }
})

test('half a million characters are repaired in one pass', () => {
  const text = `{"a": [${'{"b": "c "d" e", '.repeat(150)}${'"k": "x" , '.repeat(40_000)}`
  expect(repairJson(text)).toBeDefined()
})
