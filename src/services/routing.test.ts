import { describe, expect, test } from 'vitest'
import { readAll } from '../../test/support/read-all.ts'
import { circumstances, cloud, viewOf } from '../../test/support/routing-view.ts'
import { says, scripted } from '../../test/support/scripted-backend.ts'
import type { Backend, RelayedPiece } from '../core/backend.ts'
import type { Circumstances, RouteRule } from '../core/route-rules.ts'
import { createRunMeans } from '../routing/run-means.ts'
import { startTrace } from '../telemetry/observe.ts'
import { createAnswer, createExchange } from './answer.ts'
import { usableRules } from './check-rules.ts'
import { createComplete } from './complete.ts'
import { createCountTokens } from './count-tokens.ts'
import { createEmbed } from './embed.ts'
import { createExplainRoute } from './explain-route.ts'

const means = createRunMeans({ now: () => performance.now(), random: () => 0 })
const request = { model: 'm', system: [], messages: [] }
const { signal } = new AbortController()

describe('a request that must stay local', () => {
  /** A cloud that fails the test as soon as anything reaches it. */
  const canary: Backend = {
    ...cloud('cloud'),
    stream: () => expect.unreachable('it was asked'),
    complete: () => expect.unreachable('it was asked'),
    countTokens: () => expect.unreachable('it counted'),
    embed: () => expect.unreachable('it embedded'),
    relay: () => expect.unreachable('it relayed'),
    relays: () => true,
  }
  const rules: RouteRule[] = [
    { name: 'all', match: {}, targets: [{ provider: 'cloud' }] },
    { name: 'quiet', match: { headers: { 'x-team': 'red' } }, targets: [], isLocalOnly: true },
  ]
  const view = async () => viewOf({ rules, providers: { cloud: { backend: canary } } })
  const asked = (changes: Partial<Circumstances>) => ({
    signal,
    circumstances: circumstances(changes),
    isVisible: () => true,
  })
  const came = {
    protocol: 'openai-chat',
    isStreaming: true,
    includesUsage: true,
    body: Uint8Array.of(),
    headers: {},
    client: '',
  } as const

  test.each([{ localOnly: 'header' }, { localOnly: 'key', key: 'bob' }, { headers: { 'x-team': 'red' } }] as const)(
    'as with %j reaches no cloud, whatever it asks for',
    async changes => {
      const call = asked(changes)
      const question = { request, isStreaming: true }
      const all = [
        createAnswer({ view, means })(question, call),
        createExchange({ view, means })({ ...question, came }, call),
        createComplete({ view, means })({ requests: [{ model: 'm', prompt: 'a' }], isStreaming: true }, call),
        createCountTokens({ view, means })(request, call),
        createEmbed({ view, means })({ model: 'm', texts: ['a'] }, call),
      ]
      for (const each of all) await expect(each).rejects.toMatchObject({ kind: 'forbidden' })
    },
  )

  test('and the tokens of one that is answered here are not counted elsewhere', async () => {
    const home: Backend = { ...cloud('home'), isLocal: true }
    const both = [{ name: 'all', match: {}, targets: [{ provider: 'home' }, { provider: 'cloud' }] }]
    const mixed = async () =>
      viewOf({ rules: both, providers: { home: { backend: home }, cloud: { backend: canary } } })
    expect(await createCountTokens({ view: mixed, means })(request, asked({}))).toBe(0)
  })

  test('the canary sings where nothing holds a request', async () => {
    await expect(createCountTokens({ view, means })(request, asked({}))).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('it counted') }),
    })
  })
})

describe('an exchange', () => {
  const came = {
    protocol: 'openai-chat',
    isStreaming: true,
    includesUsage: true,
    body: Uint8Array.of(1),
    headers: {},
    client: '',
  } as const
  const pieces: RelayedPiece[] = [{ bytes: Uint8Array.of(2), events: says('a') }]
  const relaying: Backend = {
    ...cloud('openai'),
    relays: ({ protocol }) => protocol === 'openai-chat',
    async *relay() {
      yield* pieces
    },
  }
  const rules: RouteRule[] = [{ name: 'all', match: {}, targets: [{ provider: 'openai', model: 'gpt-5' }] }]
  const view = async () => viewOf({ rules, providers: { openai: { backend: relaying } } })

  test('that is relayed is observed as one that is translated', async () => {
    const trace = startTrace()
    const call = { signal, circumstances: circumstances(), isVisible: () => true, trace }
    const result = await createExchange({ view, means })({ request, isStreaming: true, came }, call)
    if (result.type !== 'relay') return expect.unreachable(result.type)
    expect(await readAll(result.pieces)).toEqual(pieces)
    expect(trace).toMatchObject({
      route: 'all',
      target: 'openai/gpt-5',
      model: 'scripted-model',
      usage: { inputTokens: 7, outputTokens: 1 },
      stop: 'end-turn',
      attempts: [{ target: 'openai/gpt-5' }],
    })
  })

  test('whose answer is late is observed once it is found', async () => {
    const trace = startTrace()
    const slow = scripted({ name: 'slow', steps: [{ afterMs: 30 }, ...says('a')] })
    const slowView = async () => viewOf({ rules, providers: { openai: { backend: slow } } })
    const call = { signal, circumstances: circumstances(), isVisible: () => true, trace }
    const exchange = createExchange({ view: slowView, means, headersAfterMs: 1 })
    const result = await exchange({ request, isStreaming: true, came }, call)
    if (result.type !== 'pending') return expect.unreachable(result.type)
    const found = await result.found
    if (found.type !== 'events') return expect.unreachable(found.type)
    expect(await readAll(found.events)).toEqual(says('a'))
    expect(trace).toMatchObject({ target: 'openai/gpt-5', usage: { outputTokens: 1 } })
  })
})

test('a route is explained as it would be taken', async () => {
  const explain = createExplainRoute(async () => viewOf({ here: { m: {} } }))
  expect(await explain(request, circumstances())).toMatchObject({
    route: 'here',
    targets: [{ provider: 'local', model: 'm', isLocal: true }],
  })
})

test('rules that could not be followed are refused with their field', () => {
  expect(() => usableRules({ routes: [{ name: 'r', match: {}, targets: [] }] })).toThrow(
    expect.objectContaining({ kind: 'invalid-request', field: ['routes', 0, 'targets'] }),
  )
  expect(() => usableRules({ aliases: [{ alias: { type: 'exact', text: 'a' }, model: 'b' }] })).not.toThrow()
})
