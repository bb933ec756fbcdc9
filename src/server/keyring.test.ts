import { expect, test } from 'vitest'
import { Secret } from '../core/secret.ts'
import { checkKey, createKeyring } from './keyring.ts'
import type { Keyring } from './keyring.ts'

const ringOf = (...keys: readonly string[]): Keyring =>
  createKeyring(keys.map((key, index) => ({ name: `name-${index + 1}`, key: new Secret(key) })))

const ring = ringOf('key-one', 'key-two')

test.each([
  { authorization: 'Bearer key-one' },
  { authorization: 'bearer key-two' },
  { 'x-api-key': 'key-two' },
  { authorization: 'Bearer key-one', 'x-api-key': 'key-one' },
  { authorization: 'Bearer key-one', 'x-api-key': '' },
])('the headers %j open the server', headers => {
  expect(() => checkKey(headers, ring)).not.toThrow()
})

test.each([
  {},
  { authorization: '' },
  { authorization: 'Bearer' },
  { authorization: 'Bearer ' },
  { authorization: 'key-one' },
  { authorization: 'Basic key-one' },
  { authorization: 'Bearer key-one key-two' },
  { authorization: 'Bearer key-on' },
  { authorization: 'Bearer key-one1' },
  { 'x-api-key': 'KEY-ONE' },
  { 'x-api-key': 'key-one, key-one' },
  { authorization: 'Bearer key-one', 'x-api-key': 'key-two' },
  { authorization: 'Bearer wrong', 'x-api-key': 'key-one' },
  { authorization: 'Basic x', 'x-api-key': 'key-one' },
  { authorization: "Bearer ' OR 1=1 --" },
  { 'x-api-key': 'k'.repeat(64 * 1024) },
])('the headers %j do not', headers => {
  expect(() => checkKey(headers, ring)).toThrow(expect.objectContaining({ kind: 'unauthorized' }))
})

test('two keys that begin alike are different keys', () => {
  const long = 'k'.repeat(64)
  expect(() => checkKey({ 'x-api-key': `${long}a` }, ringOf(`${long}b`))).toThrow('not valid')
})

test('the key that was presented is told by its name', () => {
  expect(checkKey({ 'x-api-key': 'key-two' }, ring)?.name).toBe('name-2')
})

test('no message repeats what was presented', () => {
  expect(() => checkKey({ 'x-api-key': 'canary' }, ring)).toThrow(expect.not.stringContaining('canary'))
})

test('where there is no key, any client may come', () => {
  const empty = ringOf()
  expect(() => checkKey({}, empty)).not.toThrow()
  expect(() => checkKey({ authorization: 'Bearer a', 'x-api-key': 'b' }, empty)).not.toThrow()
})

test.each(['', ' '])('the key %j cannot be configured', key => {
  expect(() => ringOf('ok', key)).toThrow('must not be empty')
})
