import { expect, test } from 'vitest'
import { isLoopbackHost, isOwnersAddress, isPublicAddress, lookupPublic } from './addresses.ts'

test.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '64:ff9b::808:808', '::ffff:8.8.8.8'])('%s is public', address => {
  expect(isPublicAddress(address)).toBe(true)
})

test.each([
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'ff02::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  'nonsense',
  '',
])('%s is not public', address => {
  expect(isPublicAddress(address)).toBe(false)
})

test.each(['localhost', '127.0.0.1', '127.8.8.8', '[::1]', '[::ffff:127.0.0.1]'])('%s is this machine', host => {
  expect(isLoopbackHost(host)).toBe(true)
})

test.each(['localhost.evil.com', 'evil.com', '8.8.8.8', '[fd00::1]'])('%s is not this machine', host => {
  expect(isLoopbackHost(host)).toBe(false)
})

test('a name with no public address is not given to the socket', async () => {
  const error = await new Promise(resolve => lookupPublic('localhost', { all: true }, resolve))
  expect(error).toMatchObject({ code: 'EPRIVATEADDRESS' })
})

test.each(['127.0.0.1', '::1', '10.0.0.7', '192.168.1.2', '100.64.0.9', 'fd00::1', '8.8.8.8', '0.0.0.0'])(
  'an owner may name %s',
  address => {
    expect(isOwnersAddress(address)).toBe(true)
  },
)

test.each([
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::',
  'fe80::1',
  'fd00:ec2::254',
  '100.100.100.200',
  '168.63.129.16',
  '224.0.0.1',
  '255.255.255.255',
  'nonsense',
])('nobody names %s, where a cloud keeps its secrets or nothing answers', address => {
  expect(isOwnersAddress(address)).toBe(false)
})
