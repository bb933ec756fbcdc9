import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countMembers } from './count-members.ts'
import { findJsonFault } from './json-fault.ts'
import { readJson, withoutByteOrderMark } from './read-json.ts'

const read = (text: string) => readJson(Buffer.from(text))

test('any JSON value is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('__proto__'))
      expect(read(text)).toEqual(JSON.parse(text))
    }),
  )
})

test.each([
  ['{"a":1,}', 'expected a key in double quotes at line 1, column 8'],
  ['{"a" 1}', 'expected ":" at line 1, column 6'],
  ['[1 2]', 'expected "," or "]" at line 1, column 4'],
  ['{"a":1', 'unexpected end at line 1, column 7'],
  ['{\n  "a": tru\n}', 'expected a value at line 2, column 8'],
  ['[01]', 'expected a value at line 1, column 2'],
  ['[1] x', 'unexpected text after the end at line 1, column 5'],
  ['["a\nb"]', 'a control character in a string at line 1, column 4'],
  [String.raw`["\x"]`, 'bad escape in a string at line 1, column 3'],
  ['["a', 'unexpected end in a string at line 1, column 4'],
  ['hello', 'expected a value at line 1, column 1'],
  ["{'a':1}", 'expected a key in double quotes at line 1, column 2'],
  ['[NaN]', 'expected a value at line 1, column 2'],
])('the fault of %j is told with its place', (text, fault) => {
  expect(() => read(text)).toThrow(`the request body is not valid JSON: ${fault}`)
})

test.each([
  ['{"stream":false,"stream":true}', 'the key "stream" a second time at line 1, column 17'],
  ['{"a":[{"b":1},\n{"c":{},"c":[]}]}', 'the key "c" a second time at line 2, column 9'],
  [String.raw`{"model":1,"m\u006fdel":2}`, 'the key "model" a second time at line 1, column 12'],
  ['{"":1,"":1}', 'the key "" a second time at line 1, column 7'],
])('the text %j, which two programs may read differently, is refused', (text, told) => {
  expect(() => read(text)).toThrow(`the request body holds ${told}; send it once`)
})

test('a key that is there twice is refused in a text too long to be searched for it', () => {
  const text = `{"a":"${'x'.repeat(1024 * 1024)}","a":1}`
  expect(() => read(text)).toThrow('the request body holds a key twice in one object; send it once')
})

test('a fault is found in exactly the texts that JSON.parse refuses, or does not keep whole', () => {
  const letters = fc.constantFrom(...'{}[]",:\\ \n-+.0123eE', 'true', 'null', 'a', '\u0001', '\\u00e9', '""', '1')
  const property = fc.property(fc.array(letters, { maxLength: 12 }), parts => {
    const text = parts.join('')
    let isJson = true
    try {
      const colons = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1
      isJson = countMembers(JSON.parse(text)) === colons
    } catch {
      isJson = false
    }
    expect(findJsonFault(text) === undefined).toBe(isJson)
  })
  fc.assert(property, { numRuns: 20_000 })
})

test.each(['', '  \n'])('an empty body %j is told apart', text => {
  expect(() => read(text)).toThrow('the request body is empty; send a JSON object')
})

test('a byte order mark is taken away, and once only', () => {
  expect(withoutByteOrderMark(Buffer.from('\ufeff\ufeff{}')).toString()).toBe('\ufeff{}')
  expect(withoutByteOrderMark(Buffer.from('{}')).toString()).toBe('{}')
})

test('bytes that are not UTF-8 are refused', () => {
  expect(() => readJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('not valid UTF-8')
  expect(() => readJson(Buffer.from('{"a":1}', 'utf16le'))).toThrow('not valid')
})

test.each([
  '{"__proto__":{"isAdmin":true}}',
  String.raw`{"\u005f_proto__":1}`,
  String.raw`{"\u005F\u005fproto\u005f_":1}`,
  '{"a":[{"b":{"__proto__":null}}]}',
  '{"constructor":{"prototype":{}}}',
  String.raw`{"\u0063onstructor":{"p\u0072ototype":{}}}`,
])('the key of %s is refused', text => {
  expect(() => read(text)).toThrow(/^the request body holds the key/)
})

test.each(['{"a":"__proto__"}', '{"constructor":{"a":1}}', '{"prototype":1}', String.raw`{"a":"\u0061 prototype"}`])(
  'the harmless text %s is read',
  text => {
    expect(read(text)).toEqual(JSON.parse(text))
  },
)
