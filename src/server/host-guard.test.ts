import { expect, test } from 'vitest'
import { checkHost } from './host-guard.ts'

const rules = { allowedHosts: ['Models.Example.org'] }
const check = (host: string | undefined, target = '/v1/models', localAddress = '127.0.0.1') =>
  checkHost({ host, target, localAddress }, rules)

test.each([
  'localhost',
  'LOCALHOST:7272',
  '127.0.0.1',
  '127.0.0.1:7272',
  '127.9.8.7',
  '[::1]',
  '[::1]:80',
  'models.example.org:1',
])('the host %s is ours', host => {
  expect(check(host)).toBe('/v1/models')
})

test.each([
  'evil.com',
  '127.0.0.1.nip.io',
  'localhost.evil.com',
  'evil-localhost',
  '[::ffff:7f00:1]',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  '[::]',
  '0x7f.1',
  '127.1',
  '2130706433',
  '0177.0.0.1',
  '127.0.0.256',
  '192.168.1.5',
  'models.example.org.evil.com',
])('the host %s is not ours', host => {
  expect(() => check(host)).toThrow(expect.objectContaining({ kind: 'forbidden' }))
})

test.each([
  undefined,
  '',
  'localhost.',
  ' ',
  'localhost evil.com',
  'localhost:',
  'localhost:x',
  'local/host',
  'a@localhost',
  'localhost?',
  'localhost#',
  '[::1',
  '[zz]',
  'localhost,evil.com',
  'lócalhost',
])('the host %j is not a host', host => {
  expect(() => check(host)).toThrow(expect.objectContaining({ status: 400 }))
})

test('the address that the connection came in on is ours, and no other address', () => {
  expect(check('192.168.1.5:7272', '/', '::ffff:192.168.1.5')).toBe('/')
  expect(check('[fd00::5]', '/', 'fd00::5')).toBe('/')
  expect(() => check('192.168.1.6', '/', '192.168.1.5')).toThrow(expect.objectContaining({ kind: 'forbidden' }))
})

test('a whole URI in the request line must name the same host', () => {
  expect(check('localhost:7272', 'http://localhost:7272/v1/models?limit=1')).toBe('/v1/models?limit=1')
  expect(check('localhost', 'http://LOCALHOST/a')).toBe('/a')
  for (const target of [
    'http://evil.com/',
    'http://localhost:1/',
    'http://a@localhost:7272/',
    'localhost:7272',
    'x:y',
    '',
  ]) {
    expect(() => check('localhost:7272', target)).toThrow(expect.objectContaining({ status: 400 }))
  }
})
