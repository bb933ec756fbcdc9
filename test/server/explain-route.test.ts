import { expect, onTestFinished, test } from 'vitest'
import type { RouteRule } from '../../src/core/route-rules.ts'
import { Secret } from '../../src/core/secret.ts'
import type { ClientKey } from '../../src/server/client-key.ts'
import { ask } from '../support/http-client.ts'
import { serveProviders } from '../support/serve-providers.ts'

const glob = (text: string) => ({ model: { type: 'glob', text } }) as const

const rules: readonly RouteRule[] = [
  { name: 'of the payroll', match: { keys: ['payroll'] }, targets: [{ provider: 'cloud' }] },
  { name: 'of a client', match: { headers: { 'x-case': 'merger-*' } }, targets: [{ provider: 'cloud' }] },
  { name: 'of a model', match: glob('secret-*'), targets: [{ provider: 'cloud' }] },
  { name: 'for agents', match: { keys: ['agents'] }, targets: [{ provider: 'cloud' }, { provider: 'gone' }] },
  { name: 'the rest', match: {}, targets: [{ provider: 'cloud' }] },
]

const keyOf = (name: string): ClientKey => ({ name, key: new Secret(`${name}-key`) })

async function explain(keys: readonly ClientKey[], headers: Readonly<Record<string, string>> = {}) {
  const { port, [Symbol.asyncDispose]: close } = await serveProviders({
    providers: { cloud: { kind: 'openai-compatible', url: 'http://127.0.0.1:9' } },
    rules,
    keys,
  })
  onTestFinished(close)
  return ask(port, {
    method: 'POST',
    path: '/duologue/explain/route/v1/messages',
    headers,
    body: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  })
}

test('a client with a key of its own learns where its request goes and why, and nothing of what is for others', async () => {
  const { text, json } = await explain([keyOf('agents'), keyOf('payroll')], { 'x-api-key': 'agents-key' })
  expect(json).toMatchObject({ route: 'for agents', targets: [{ provider: 'cloud', model: 'm' }] })
  expect(json.steps).toEqual([
    { about: 'rule', name: 'for agents', verdict: 'holds', why: 'every condition holds' },
    { about: 'target', name: 'gone/m', verdict: 'removed', why: 'no such provider is set up' },
    { about: 'target', name: 'cloud/m', verdict: 'kept', why: 'it may leave this machine' },
  ])
  expect(text).not.toMatch(/payroll|merger|x-case|secret|of a client|the rest/)
})

test.each([
  ['no key', [], {}],
  ['one key', [keyOf('owner')], { 'x-api-key': 'owner-key' }],
  ['a key that is marked', [{ ...keyOf('owner'), isOwner: true }, keyOf('agents')], { 'x-api-key': 'owner-key' }],
])('where there is %s, the owner asks and learns of every rule', async (_, keys, headers) => {
  const { json } = await explain(keys, headers)
  const about = json.steps.filter((step: { about: string }) => step.about === 'rule')
  expect(about.map(({ name }: { name: string }) => name)).toEqual(rules.map(({ name }) => name))
})

test('a header that would be refused of a request is refused of a question about it', async () => {
  const { status, text } = await explain([], { 'x-duologue-priority': 'urgent' })
  expect(status).toBe(400)
  expect(text).toContain('header x-duologue-priority: it must be high, normal or low')
})
