import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Secret } from '../core/secret.ts'
import { createOwnerChecks } from './owner.ts'

const requestFrom = (remoteAddress: string | undefined) =>
  new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }))

const key = { name: 'ada', key: new Secret('k') }

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['192.168.1.7', false],
  ['::ffff:192.168.1.7', false],
  ['2001:db8::1', false],
  [undefined, false],
])('without keys, whether who asks from %s is the owner is %j', (address, isOwner) => {
  const { isOwners } = createOwnerChecks({ size: 0 })
  expect(isOwners({ request: requestFrom(address) })).toBe(isOwner)
})

test.each([
  ['the only key', 1, {}, true],
  ['one key of several', 2, {}, false],
  ['one of several that is marked', 2, { isOwner: true }, true],
  ['one of several that is marked as not', 2, { isOwner: false }, false],
])('whether %s is the owner’s follows from the keys, wherever it is sent from', (...[, size, mark, isOwner]) => {
  const { isOwners } = createOwnerChecks({ size })
  for (const address of ['127.0.0.1', '192.168.1.7'])
    expect(isOwners({ key: { ...key, ...mark }, request: requestFrom(address) })).toBe(isOwner)
})

test('who sends no key where keys are needed is not the owner', () => {
  expect(createOwnerChecks({ size: 1 }).isOwners({ request: requestFrom('127.0.0.1') })).toBe(false)
})
