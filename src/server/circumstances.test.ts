import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import type { Priority } from '../core/request.ts'
import { Secret } from '../core/secret.ts'
import { circumstancesOf, senderOf } from './circumstances.ts'
import type { ClientKey } from './client-key.ts'
import type { Exchange } from './exchange.ts'

/* Of an exchange, only the headers and the key say anything about circumstances. */
function exchange(headers: IncomingHttpHeaders, key?: Omit<ClientKey, 'name' | 'key'>): Exchange {
  // oxlint-disable-next-line no-unsafe-type-assertion
  return { request: { headers }, ...(key && { key: { name: 'ada', key: new Secret('k'), ...key } }) } as Exchange
}

test.each<[string | undefined, boolean | undefined, 'key' | 'header' | undefined]>([
  [undefined, undefined, undefined],
  ['true', undefined, 'header'],
  ['YES', false, 'header'],
  ['false', true, 'key'],
  ['0', undefined, undefined],
])('with the header %j and a key that says %j, what keeps a request local is %j', (header, isLocalOnly, localOnly) => {
  const headers = header === undefined ? {} : { 'x-duologue-local-only': header }
  const key = isLocalOnly === undefined ? {} : { isLocalOnly }
  expect(circumstancesOf(exchange(headers, key), 'openai-chat').localOnly).toBe(localOnly)
})

test('a word that is not understood is refused, since it may have been meant to keep a request from leaving', () => {
  for (const header of ['x-duologue-local-only', 'x-duologue-strict'])
    expect(() => circumstancesOf(exchange({ [header]: 'ture' }), 'openai-chat')).toThrow(`header ${header}: it must be`)
})

test('a key or a header asks for strictness', () => {
  expect(circumstancesOf(exchange({ 'x-duologue-strict': '1' }), 'openai-chat').isStrict).toBe(true)
  expect(circumstancesOf(exchange({}, { isStrict: true }), 'openai-chat').isStrict).toBe(true)
  expect(circumstancesOf(exchange({}, {}), 'openai-chat').isStrict).toBe(false)
})

test.each<[string | undefined, Priority | undefined, Priority]>([
  [undefined, undefined, 'normal'],
  ['high', undefined, 'high'],
  ['high', 'low', 'low'],
  ['low', 'high', 'low'],
  [undefined, 'high', 'high'],
])('a request that asks for %j with a key of %j has the priority %j', (asked, most, priority) => {
  const headers = asked === undefined ? {} : { 'x-duologue-priority': asked }
  expect(senderOf(exchange(headers, most === undefined ? {} : { priority: most })).priority).toBe(priority)
})

test('an unknown priority is refused', () => {
  expect(() => senderOf(exchange({ 'x-duologue-priority': 'urgent' }))).toThrow('it must be high, normal or low')
})

test('a client that counts its retries says which requests it sends again', () => {
  expect(senderOf(exchange({ 'x-stainless-retry-count': '2' }, {})).sender).toEqual({ id: 'ada', isRetry: true })
  expect(senderOf(exchange({ 'x-stainless-retry-count': '0' })).sender).toEqual({ id: '', isRetry: false })
})
