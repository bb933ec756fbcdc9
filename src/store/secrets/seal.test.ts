import fc from 'fast-check'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { MasterKey } from './master-key.ts'
import { keyIdOf, seal, unseal } from './seal.ts'
import type { SealedPlace } from './seal.ts'

const key = MasterKey.random()
const place: SealedPlace = { table: 'credentials', id: 'a/key', column: 'sealed', purpose: 'provider_key' }

test('any text that is sealed is opened the same, at its own place and with its own key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      expect(unseal(key, place, seal(key, place, text))).toBe(text)
    }),
  )
})

test.each([
  { ...place, id: 'b/key' },
  { ...place, table: 'routes' },
  { ...place, column: 'other' },
  { ...place, purpose: 'key_check' },
])('a sealed text that is moved elsewhere does not open: %j', elsewhere => {
  expect(unseal(key, elsewhere, seal(key, place, 'secret'))).toBeUndefined()
})

test('another master key does not open it', () => {
  const other = MasterKey.random()
  const sealed = seal(key, place, 'secret')
  expect(unseal(other, place, sealed)).toBeUndefined()
  expect(unseal(other, place, sealed.replace(key.id, other.id))).toBeUndefined()
})

test('wherever a bit of it is turned, it does not open', () => {
  const parts = seal(key, place, 'secret').split('.')
  const turned = fc.record({ part: fc.integer({ min: 2, max: 5 }), bit: fc.nat(8 * 200) })
  fc.assert(
    fc.property(turned, ({ part, bit }) => {
      const bytes = Buffer.from(parts[part] ?? '', 'base64url')
      const index = bit % (bytes.length * 8)
      bytes.writeUInt8(bytes.readUInt8(index >> 3) ^ (1 << (index & 7)), index >> 3)
      expect(unseal(key, place, parts.with(part, bytes.toString('base64url')).join('.'))).toBeUndefined()
    }),
  )
})

test.each(['', 'v1', 'v2.a.b.c.d.e', `v1.${key.id}....`, 'x'.repeat(200_000)])(
  'a stranger of a text does not open: %#',
  text => {
    expect(unseal(key, place, text)).toBeUndefined()
  },
)

test('the same secret is sealed differently each time, and shows whose key it needs', () => {
  const [one, other] = [seal(key, place, 'secret'), seal(key, place, 'secret')]
  expect(one).not.toBe(other)
  expect(one).toMatch(/^v1\.[0-9a-f]{12}\.[\w-]{22}\.[\w-]{16}\.[\w-]{8}\.[\w-]{22}$/)
  expect(keyIdOf(one)).toBe(key.id)
})

test('what was sealed by an earlier release opens', () => {
  const fixed = MasterKey.parse('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
  const sealed = 'v1.f9e91d6e30bf.9TNOFI5XxQo84bDzm2pkYQ.fc53sewfk3Cmnf4E.LSm6IKgr6UVaxQ.jgMDmeWW9baSucIHTAgUJA'
  expect(fixed && unseal(fixed, place, sealed)).toBe('sk-example')
})

test('a key is read from hexadecimal digits and from Base64, and from nothing shorter', () => {
  const bytes = Buffer.alloc(32, 7)
  const ids = [bytes.toString('hex'), bytes.toString('base64'), ` ${bytes.toString('base64url')}\n`].map(
    text => MasterKey.parse(text)?.id,
  )
  expect(new Set(ids).size).toBe(1)
  expect(ids[0]).toMatch(/^[0-9a-f]{12}$/)
  for (const text of ['', 'password', bytes.toString('hex').slice(2), 'ü'.repeat(64)]) {
    expect(MasterKey.parse(text)).toBeUndefined()
  }
})

test('printing a key shows only its id', () => {
  const shown = `${inspect(key, { showHidden: true })} ${JSON.stringify(key)}`
  expect(shown).toContain(key.id)
  expect(shown).not.toContain(key.reveal().slice(0, 16))
})
