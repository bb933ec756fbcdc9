import { describe, expect, test } from 'vitest'
import { circumstances, cloud, demand, viewOf, type ViewOptions } from '../../test/support/routing-view.ts'
import { askFor } from '../../test/support/engine.ts'
import type { ModelRequest } from '../core/request.ts'
import type { Circumstances, RouteRule } from '../core/route-rules.ts'
import type { Demand } from './demand.ts'
import { explainRoute, planRoute } from './plan-route.ts'

/** Where a request goes: what decided, and the targets in their order. */
function routeOf(asked: Demand | string, options: ViewOptions, changes: Partial<Circumstances> = {}): string[] {
  const wanted = typeof asked === 'string' ? demand(asked) : asked
  const { route, targets } = planRoute(wanted, circumstances(changes), viewOf(options))
  return [route, ...targets.map(({ provider, model }) => `${provider}/${model}`)]
}

function rule(name: string, match: RouteRule['match'], ...targets: readonly string[]): RouteRule {
  return { name, match, targets: targets.map(toTarget) }
}

function toTarget(text: string) {
  const [provider = '', ...model] = text.split('/')
  return { provider, ...(model.length > 0 && { model: model.join('/') }) }
}

const here = { qwen: {}, 'gpt-oss': {} }
const providers = { openai: {}, anthropic: {} }

describe('without rules', () => {
  test('a model that is here is served here', () => {
    expect(routeOf('qwen', { here, providers })).toEqual(['here', 'local/qwen'])
  })

  test('a name that begins with a provider goes to that provider', () => {
    expect(routeOf('openai/gpt-5', { here, providers })).toEqual(['addressed', 'openai/gpt-5'])
    expect(routeOf('local/qwen', { here, providers })).toEqual(['addressed', 'local/qwen'])
    expect(routeOf('openai/a/b', { here, providers })).toEqual(['addressed', 'openai/a/b'])
  })

  test('a model that is here under a name with a slash is not taken for a provider', () => {
    expect(routeOf('openai/x', { here: { 'openai/x': {} }, providers })).toEqual(['here', 'local/openai/x'])
  })

  test.each(['gpt-9', 'nobody/gpt-5', '/gpt-5', 'openai/', '__proto__', 'constructor/x'])(
    '%j is not found, and the message names the models that are here',
    name => {
      expect(() => routeOf(name, { here, providers })).toThrow(
        expect.objectContaining({
          kind: 'not-found',
          code: 'model-not-found',
          field: ['model'],
          message: `model: ${JSON.stringify(name)} does not exist; use "qwen", "gpt-oss"`,
        }),
      )
    },
  )

  test('where no model is installed, the message says how to get one', () => {
    expect(() => routeOf('a', {})).toThrow(/no model is installed, `duologue pull`/)
  })

  test('a long name and a long list are cut in the message', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`model-${index}`, {}]))
    expect(() => routeOf('x'.repeat(100_000), { here: many })).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,500}and 490 more, see GET \/v1\/models$/) }),
    )
  })
})

describe('of rules', () => {
  test('the first one that is for the request decides', () => {
    const rules = [
      rule('small', { promptTokens: { atMost: 50 } }, 'openai'),
      rule('gpt', { model: { type: 'glob', text: 'gpt-*' } }, 'openai', 'anthropic/claude'),
      rule('also', { model: { type: 'prefix', text: 'gpt' } }, 'anthropic'),
    ]
    expect(routeOf('gpt-5', { here, providers, rules })).toEqual(['gpt', 'openai/gpt-5', 'anthropic/claude'])
  })

  test.each([
    [{ protocols: ['openai-chat'] }, { protocol: 'openai-chat' }, { protocol: 'openai-responses' }],
    [{ keys: ['alice'] }, { key: 'alice' }, { key: 'bob' }],
    [{ keys: ['alice'] }, { key: 'alice' }, {}],
    [{ headers: { 'X-Team': 'red*' } }, { headers: { 'x-team': 'red-1' } }, { headers: { 'x-team': 'blue' } }],
    [{ headers: { constructor: '*' } }, { headers: { constructor: 'x' } }, { headers: {} }],
  ] as const)('%j is for a request with %j, not for one with %j', (match, fits, differs) => {
    const rules = [rule('r', match, 'openai/gpt-5')]
    expect(routeOf('qwen', { here, providers, rules }, fits)).toEqual(['r', 'openai/gpt-5'])
    expect(routeOf('qwen', { here, providers, rules }, differs)).toEqual(['here', 'local/qwen'])
  })

  test('one may ask for the size of the prompt or for what the request needs', () => {
    const rules = [
      rule('large', { promptTokens: { atLeast: 1000 } }, 'anthropic/claude'),
      rule('seeing', { needs: ['vision', 'tools'] }, 'openai/gpt-5'),
    ]
    const options = { here, providers, rules }
    expect(routeOf(demand('qwen', { promptTokens: 1000 }), options)).toEqual(['large', 'anthropic/claude'])
    expect(routeOf(demand('qwen', { needs: new Set(['vision', 'tools']) }), options)).toEqual([
      'seeing',
      'openai/gpt-5',
    ])
    expect(routeOf(demand('qwen', { needs: new Set(['tools']) }), options)).toEqual(['here', 'local/qwen'])
  })

  test('one that has but a pattern does not take a model that is here, unless it has a local target', () => {
    const away = rule('gpt', { model: { type: 'prefix', text: 'gpt-' } }, 'openai')
    expect(routeOf('gpt-oss', { here, providers, rules: [away] })).toEqual(['here', 'local/gpt-oss'])
    const spill = rule('gpt', { model: { type: 'prefix', text: 'gpt-' } }, 'local', 'openai/gpt-5')
    expect(routeOf('gpt-oss', { here, providers, rules: [spill] })).toEqual(['gpt', 'local/gpt-oss', 'openai/gpt-5'])
    const exact = rule('gpt', { model: { type: 'exact', text: 'gpt-oss' } }, 'openai')
    expect(routeOf('gpt-oss', { here, providers, rules: [exact] })).toEqual(['gpt', 'openai/gpt-oss'])
  })

  test('one for every request is for what nothing else decides', () => {
    const rules = [rule('rest', {}, 'anthropic/claude')]
    expect(routeOf('qwen', { here, providers, rules })).toEqual(['here', 'local/qwen'])
    expect(routeOf('openai/gpt-5', { here, providers, rules })).toEqual(['addressed', 'openai/gpt-5'])
    expect(routeOf('anything', { here, providers, rules })).toEqual(['rest', 'anthropic/claude'])
  })

  test('one whose targets are all missing says so, and no later one decides in its place', () => {
    const rules = [rule('gone', { keys: ['k'] }, 'nobody/x', 'local/absent'), rule('rest', {}, 'openai')]
    expect(() => routeOf('m', { here, providers, rules }, { key: 'k' })).toThrow(
      'model: "m" has nowhere to go: none of the targets of the route "gone" is set up here',
    )
  })

  test('timeouts are those of the provider where the rule says nothing', () => {
    const rules = [
      {
        name: 'r',
        match: {},
        targets: [
          { provider: 'openai', timeouts: { idleMs: 5 } },
          { provider: 'anthropic', retries: 3 },
        ],
      },
    ]
    const slow = { ...providers, openai: { timeouts: { idleMs: 9, firstTokenMs: 7 } } }
    const { targets } = planRoute(demand('m'), circumstances(), viewOf({ providers: slow, rules }))
    expect(targets).toMatchObject([
      { timeouts: { idleMs: 5, firstTokenMs: 7 }, retries: 0 },
      { timeouts: {}, retries: 3 },
    ])
  })

  test('the last target is tried twice where nothing is said, and the embedded engine once', () => {
    const rules = [rule('r', {}, 'openai', 'anthropic')]
    const retriesOf = (model: string) =>
      planRoute(demand(model), circumstances(), viewOf({ here, providers, rules })).targets.map(
        ({ retries }) => retries,
      )
    expect(retriesOf('m')).toEqual([0, 1])
    expect(retriesOf('qwen')).toEqual([0])
  })
})

describe('an alias', () => {
  const aliases = [{ alias: { type: 'glob', text: 'claude-*' }, model: 'qwen' }] as const

  test('is served as its model', () => {
    expect(routeOf('claude-opus', { here, providers, aliases })).toEqual(['here', 'local/qwen'])
  })

  test('comes before a model of that name', () => {
    expect(routeOf('claude-x', { here: { ...here, 'claude-x': {} }, aliases })).toEqual(['here', 'local/qwen'])
  })

  test('does not hide the name that was asked for from rules', () => {
    const rules = [rule('opus', { model: { type: 'exact', text: 'claude-opus' } }, 'anthropic')]
    expect(routeOf('claude-opus', { here, providers, aliases, rules })).toEqual(['opus', 'anthropic/claude-opus'])
  })

  test('serves here what a rule may send elsewhere under its own name', () => {
    const rules = [rule('claude', { model: { type: 'prefix', text: 'claude-' } }, 'local', 'anthropic')]
    const expected = ['claude', 'local/qwen', 'anthropic/claude-opus']
    expect(routeOf('claude-opus', { here, providers, aliases, rules })).toEqual(expected)
  })

  test('is sent to a provider as its model by a rule that is for the model', () => {
    const fast = [{ alias: { type: 'exact', text: 'fast' }, model: 'gpt-5-mini' }] as const
    const rules = [rule('all', { model: { type: 'glob', text: '*' } }, 'openai')]
    expect(routeOf('fast', { providers, aliases: fast, rules })).toEqual(['all', 'openai/gpt-5-mini'])
    expect(routeOf('fast', { providers, aliases: fast, rules: [rule('rest', {}, 'openai')] })).toEqual([
      'rest',
      'openai/gpt-5-mini',
    ])
  })
})

describe('the order of targets', () => {
  const rules = [{ ...rule('r', { model: { type: 'exact', text: 'qwen' } }, 'local', 'openai/gpt-5'), mostWaitMs: 500 }]
  const stay = ['r', 'local/qwen', 'openai/gpt-5']
  const leave = ['r', 'openai/gpt-5', 'local/qwen']

  test.each([
    [{}, stay],
    [{ state: 'ready', estimatedWaitMs: 500 }, stay],
    [{ state: 'ready', estimatedWaitMs: 501 }, leave],
    [{ state: 'loading', estimatedWaitMs: 100 }, stay],
    [{ state: 'loading' }, leave],
    [{ state: 'no-room' }, leave],
    [{ state: 'ready', promptTokensPerSecond: 200 }, stay],
    [{ state: 'ready', promptTokensPerSecond: 199 }, leave],
    [{ state: 'ready', promptTokensPerSecond: 500, reading: { prompts: 1, tokens: 150 } }, stay],
    [{ state: 'ready', promptTokensPerSecond: 500, reading: { prompts: 2, tokens: 151 } }, leave],
    [{ state: 'ready', promptTokensPerSecond: 500, reading: { prompts: 1, tokens: 1e6 } }, stay],
    [{ state: 'ready', estimatedWaitMs: 400, promptTokensPerSecond: 1000 }, stay],
    [{ state: 'ready', estimatedWaitMs: 401, promptTokensPerSecond: 1000 }, leave],
    [{ state: 'absent' }, leave],
    [{ state: 'unavailable' }, leave],
    [{ contextTokens: 70 }, leave],
  ] as const)('with an outlook of %j is %j', (outlook, expected) => {
    expect(routeOf('qwen', { here, providers, rules, local: { outlook: () => outlook } })).toEqual(expected)
  })

  test.each([
    { state: 'loading', estimatedWaitMs: 1e9 },
    { state: 'no-room' },
    { state: 'ready', promptTokensPerSecond: 0.001 },
  ] as const)('heeds no %j where the rule sets no limit', outlook => {
    const patient = [rule('r', { keys: ['k'] }, 'local', 'openai/gpt-5')]
    const local = { outlook: () => outlook }
    expect(routeOf('qwen', { here, providers, rules: patient, local }, { key: 'k' })).toEqual(stay)
  })

  test('counts only what the model has not read yet, under the name that it knows the conversation by', () => {
    const conversation = askFor('Hello', { model: 'asked' })
    const asked: string[] = []
    const local = {
      outlook: () => ({ state: 'ready', promptTokensPerSecond: 1000 }) as const,
      unreadShare: ({ model }: ModelRequest) => {
        asked.push(model)
        return 0.02
      },
    }
    const long = demand('qwen', { promptTokens: 12_000, conversation })
    expect(routeOf(long, { here, providers, rules, local })).toEqual(stay)
    expect(asked).toEqual(['qwen'])
    expect(routeOf(demand('qwen', { promptTokens: 12_000 }), { here, providers, rules, local })).toEqual(leave)
  })

  test('puts a model with room for the prompt before one without', () => {
    const small = { qwen: { contextTokens: 8000 } }
    const ofSize = (promptTokens: number, isCounted = false) =>
      routeOf(demand('qwen', { promptTokens, isCounted }), { here: small, providers, rules })
    expect(ofSize(7999)).toEqual(stay)
    // An estimate that is only just too high is left to the target to check.
    expect(ofSize(9000)).toEqual(stay)
    expect(ofSize(9000, true)).toEqual(leave)
    expect(ofSize(12_000)).toEqual(leave)
  })

  test('puts a model that knows what is needed before one that does not', () => {
    const blind = { qwen: { vision: false, thinking: false } }
    const needing = (need: 'vision' | 'thinking' | 'tools') =>
      routeOf(demand('qwen', { needs: new Set([need]) }), { here: blind, providers, rules })
    expect(needing('vision')).toEqual(leave)
    // A model that does not think can still answer, and what is unknown may be there.
    expect(needing('thinking')).toEqual(stay)
    expect(needing('tools')).toEqual(stay)
  })

  test('puts a target that rests behind the others', () => {
    const away = [rule('r', {}, 'openai/a', 'anthropic/b')]
    const health = { restsForMs: (target: string) => (target === 'openai/a' ? 3000 : 0) }
    expect(routeOf('m', { providers, rules: away, health })).toEqual(['r', 'anthropic/b', 'openai/a'])
  })

  test('stays as it is written for vectors', () => {
    const weighted = [
      {
        name: 'r',
        match: {},
        targets: [
          { provider: 'openai', weight: 1 },
          { provider: 'anthropic', weight: 99 },
        ],
      },
    ]
    const options = { providers, rules: weighted, random: () => 0.5, health: { restsForMs: () => 1 } }
    expect(routeOf(demand('m', { isSteady: true }), options)).toEqual(['r', 'openai/m', 'anthropic/m'])
    expect(routeOf('m', options)).toEqual(['r', 'anthropic/m', 'openai/m'])
  })
})

test('neighbours with weights are drawn by their weights, and the others keep their places', () => {
  const targets = [
    { provider: 'first' },
    { provider: 'one', weight: 1 },
    { provider: 'three', weight: 3 },
    { provider: 'none', weight: 0 },
    { provider: 'last' },
  ]
  const known = Object.fromEntries(targets.map(({ provider }) => [provider, {}]))
  const firstDrawn = new Map<string, number>()
  for (let step = 0; step < 100; step += 1) {
    const random = () => (step + 0.5) / 100
    const [, ...order] = routeOf('m', { providers: known, rules: [{ name: 'r', match: {}, targets }], random })
    expect([order[0], order[3], order[4]]).toEqual(['first/m', 'none/m', 'last/m'])
    firstDrawn.set(order[1] ?? '', (firstDrawn.get(order[1] ?? '') ?? 0) + 1)
  }
  expect(firstDrawn).toEqual(
    new Map([
      ['one/m', 25],
      ['three/m', 75],
    ]),
  )
})

describe('an explanation', () => {
  const aliases = [{ alias: { type: 'glob', text: 'claude-*' }, model: 'qwen' }] as const
  const rules: RouteRule[] = [
    rule('alice', { keys: ['alice'] }, 'openai'),
    {
      ...rule('spill', { model: { type: 'exact', text: 'qwen' } }, 'local', 'nobody/x', 'openai/gpt-5'),
      mostWaitMs: 0,
    },
    { name: 'private', match: { headers: { 'x-team': 'red' } }, targets: [], isLocalOnly: true },
  ]
  const local = { outlook: () => ({ estimatedWaitMs: 1500 }) }

  test.each([
    [
      { state: 'ready', estimatedWaitMs: 2000, promptTokensPerSecond: 500 },
      "the first token is estimated after 14000 ms, more than 5000 ms: 2000 ms until its turn and 12000 ms to read about 6000 of the prompt's 12000 tokens, at 500 in a second",
    ],
    [
      { state: 'ready', promptTokensPerSecond: 1500, reading: { prompts: 2, tokens: 3000 } },
      "the first token is estimated after 6000 ms, more than 5000 ms: 0 ms until its turn and 6000 ms to read about 6000 of the prompt's 12000 tokens and 3000 of other prompts, at 1500 in a second",
    ],
    [
      { state: 'no-room', memory: { neededBytes: 3 * 2 ** 30, freeBytes: 700 * 2 ** 20 } },
      'there is no memory for the model now: it takes 3.0 GiB, and 700.0 MiB can be had',
    ],
    [{ state: 'ready', estimatedWaitMs: 6000 }, 'the wait is estimated at 6000 ms, more than 5000 ms'],
  ] as const)('says of a target with an outlook of %j that it was moved, and why in numbers', (outlook, why) => {
    const local = { outlook: () => outlook, unreadShare: () => 0.5 }
    const spill = [{ ...rule('r', { keys: ['k'] }, 'local', 'openai/gpt-5'), mostWaitMs: 5000 }]
    const asked = demand('qwen', { promptTokens: 12_000, conversation: askFor('Hello') })
    const view = viewOf({ here, providers, rules: spill, local })
    const { steps } = explainRoute(asked, circumstances({ key: 'k' }), view)
    expect(steps).toContainEqual({ about: 'target', name: 'local/qwen', verdict: 'moved-back', why })
  })

  test('says of each thing what became of it and why', () => {
    const view = viewOf({ here, providers, rules, aliases, local })
    const explained = explainRoute(demand('claude-opus'), circumstances(), view)
    expect(explained).toMatchObject({ model: 'claude-opus', route: 'spill', promptTokens: 100, needs: [] })
    expect(explained.targets).toEqual([
      { provider: 'openai', model: 'gpt-5', isLocal: false, timeouts: {}, retries: 0 },
      { provider: 'local', model: 'qwen', isLocal: true, timeouts: {}, retries: 0 },
    ])
    expect(explained.steps.map(({ about, name, verdict, why }) => `${about} ${name} ${verdict}: ${why}`)).toEqual([
      'alias claude-* holds: "claude-opus" is another name for "qwen"',
      'rule alice passed-over: it came with no key, not with alice',
      'rule spill holds: every condition holds',
      'target nobody/x removed: no such provider is set up',
      'target local/qwen moved-back: the wait is estimated at 1500 ms, more than 0 ms',
      'target openai/gpt-5 kept: it may leave this machine',
      'target local/qwen kept: it is local',
    ])
  })

  test('says what keeps a request here', () => {
    const view = viewOf({ here, providers, rules, aliases, local })
    const explained = explainRoute(demand('claude-opus'), circumstances({ headers: { 'x-team': 'red' } }), view)
    expect(explained.localOnly).toEqual({ by: 'rule', name: 'private' })
    expect(explained.targets).toMatchObject([{ provider: 'local', isLocal: true }])
    expect(explained.steps.slice(-3)).toEqual([
      { about: 'privacy', name: 'rule', verdict: 'holds', why: 'the rule "private" is local-only' },
      { about: 'privacy', name: 'openai/gpt-5', verdict: 'removed', why: 'the rule "private" is local-only' },
      { about: 'target', name: 'local/qwen', verdict: 'kept', why: 'it is local' },
    ])
  })

  test('of a request that goes nowhere says what the client would be told', () => {
    const view = viewOf({ here, providers, rules })
    expect(explainRoute(demand('openai/gpt-5'), circumstances({ localOnly: 'key', key: 'bob' }), view)).toMatchObject({
      targets: [],
      refusal: {
        kind: 'forbidden',
        message:
          'model: no local target serves "openai/gpt-5", and the key "bob" is local-only; ask a model that is here',
      },
    })
  })

  test('asks nobody', () => {
    const backend = cloud('openai', { stream: () => expect.unreachable() })
    expect(
      explainRoute(demand('openai/x'), circumstances(), viewOf({ providers: { openai: { backend } } })).route,
    ).toBe('addressed')
  })
})
