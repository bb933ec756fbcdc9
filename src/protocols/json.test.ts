import { expect, test } from 'vitest'
import { ModelError } from '../core/errors.ts'
import { countIn, defined, Field, parseJson, quoted, unknownFields } from './json.ts'

test('text that is not JSON is refused in our own words', () => {
  expect(parseJson('{"a":[1]}', 'unavailable')).toEqual({ a: [1] })
  expect(() => parseJson('{secret', 'unavailable')).toThrow(
    new ModelError('unavailable', 'the upstream sent text that is not valid JSON'),
  )
  expect(() => parseJson('{secret', 'invalid-request')).toThrow('the request sent text that is not valid JSON')
})

test.each([-1, 1.5, Infinity, NaN, 2 ** 53, '1', null])('%s is no count', value => {
  expect(countIn(value)).toBeUndefined()
})

test('what has no value is left out, and null is a value', () => {
  expect(defined({ a: 1, b: undefined, c: null })).toEqual({ a: 1, c: null })
})

test('fields that are not known are found, without those that are null', () => {
  expect(unknownFields({ a: 1, b: 2, c: null }, new Set(['a']))).toEqual({ b: 2 })
  expect(unknownFields({ a: 1 }, new Set(['a']))).toBeUndefined()
})

test('a field knows its path, and says it when it is wrong', () => {
  const field = new Field({ a: [{ b: 'x' }] }).at('a').items(9)[0]?.at('b')
  expect(field?.path).toEqual(['a', 0, 'b'])
  expect(() => field?.number({ min: 0, max: 1 })).toThrow('a.0.b: must be a number, not a string')
})

test('a field that is absent is null or not there', () => {
  expect(new Field({ a: null }).at('a').isAbsent).toBe(true)
  expect(new Field({}).at('a').maybe(field => field.string())).toBeUndefined()
  expect(new Field('text').at('length').isAbsent).toBe(true)
})

test('a null where a value is needed is of the wrong type, nothing at all is missing', () => {
  expect(() => new Field({ a: null }).at('a').string()).toThrow('a: must be a string, not null')
  expect(() => new Field({}).at('a').string()).toThrow('a: Field required')
})

test('names and lists are bounded', () => {
  expect(() => new Field('abc').name(2)).toThrow('at most 2 characters, not 3')
  expect(() => new Field('').name(2)).toThrow('must not be empty')
  expect(() => new Field([1, 2]).items(1)).toThrow('at most 1 items, not 2')
})

test('a choice is one of the words', () => {
  expect(new Field('a').oneOf(['a', 'b'])).toBe('a')
  expect(() => new Field('c').oneOf(['a', 'b'])).toThrow('must be "a" or "b", not "c"')
})

test('a long word is shown shortened', () => {
  expect(quoted('x'.repeat(1000))).toHaveLength(67)
})
