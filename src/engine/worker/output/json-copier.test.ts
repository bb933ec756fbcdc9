import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonCopier } from './json-copier.ts'

function copy(text: string): { status: string; text: string } {
  const copier = new JsonCopier()
  let copied = ''
  for (const char of text) {
    const { status, text } = copier.take(char)
    copied += text
    if (status !== 'taken') return { status, text: copied }
  }
  const closing = copier.closing()
  return closing === undefined
    ? { status: 'open', text: copied + copier.held }
    : { status: 'closed', text: copied + closing }
}

test('JSON is copied as it is, with all its space', () => {
  fc.assert(
    fc.property(fc.object(), fc.constantFrom(undefined, 2, '\t'), (value, space) => {
      const json = JSON.stringify(value, undefined, space)
      expect(copy(json)).toEqual({ status: 'done', text: json })
    }),
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const scraps = fc.constantFrom(
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\\u',
  '\\u00e9',
  '\n',
  ' ',
  '1',
  '-',
  '.',
  'e5',
  'true',
  'None',
  'a',
  '😀',
)

test('what comes out whole is JSON, whatever went in', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(scraps, fc.string())), parts => {
      const { status, text } = copy(parts.join(''))
      expect(status === 'done' || status === 'closed' ? isJson(text) : true).toBe(true)
    }),
    { numRuns: 3000 },
  )
})

test('a word that every object knows is no word of JSON', () => {
  expect(copy('toString').status).toBe('open')
})

test('what is lost keeps every character of what came', () => {
  expect(copy('{"a": [1, tru}')).toEqual({ status: 'broken', text: '{"a": [1, tru}' })
  expect(copy('{"a" 1')).toEqual({ status: 'broken', text: '{"a" 1' })
})

test('what was left open is closed outside of strings, and nowhere else', () => {
  expect(copy('{"a": [1, {"b": 2, ')).toEqual({ status: 'closed', text: '{"a": [1, {"b": 2}]}' })
  expect(copy('{"a": "b')).toEqual({ status: 'open', text: '{"a": "b' })
  expect(copy('{"a":')).toEqual({ status: 'open', text: '{"a":' })
})
