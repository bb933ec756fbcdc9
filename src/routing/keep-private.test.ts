import fc from 'fast-check'
import { expect, test } from 'vitest'
import { circumstances, cloud, demand, viewOf } from '../../test/support/routing-view.ts'
import { scripted } from '../../test/support/scripted-backend.ts'
import type { Backend } from '../core/backend.ts'
import { ModelError } from '../core/errors.ts'
import type { Circumstances, ModelAlias, ModelPattern, RouteRule } from '../core/route-rules.ts'
import type { Demand } from './demand.ts'
import { isLocalTarget } from './keep-private.ts'
import { explainRoute, planRoute } from './plan-route.ts'
import { readRules } from './read-rules.ts'
import type { RoutingView } from './view.ts'

const home = scripted({ name: 'home', steps: [] })

test.each([
  [true, undefined, true],
  [false, undefined, false],
  [true, (model: string) => model !== 'm:cloud', true],
  [true, () => false, false],
  [false, () => true, false],
])(
  'a backend that is local: %j, and says of the model %o, is a local target: %j',
  (isLocal, isLocalModel, expected) => {
    const backend: Backend = { ...home, isLocal, ...(isLocalModel && { isLocalModel }) }
    expect(isLocalTarget({ backend, model: 'm' })).toBe(expected)
  },
)

test.each([
  [{ localOnly: 'header' }, 'and the request itself asks to stay local'],
  [{ localOnly: 'key', key: 'bob' }, 'and the key "bob" is local-only'],
  [{ localOnly: 'key' }, 'and the key is local-only'],
  [{ headers: { 'x-team': 'red' } }, 'and the rule "quiet" is local-only'],
] as const)('a request with %j that only a cloud serves is forbidden, with what forbids it', (changes, why) => {
  const rules: RouteRule[] = [
    { name: 'all', match: {}, targets: [{ provider: 'openai' }] },
    { name: 'quiet', match: { headers: { 'x-team': 'red' } }, targets: [], isLocalOnly: true },
  ]
  const view = viewOf({ rules, providers: { openai: {} } })
  expect(planRoute(demand('m'), circumstances(), view).localOnly).toBeUndefined()
  expect(() => planRoute(demand('m'), circumstances(changes), view)).toThrow(
    expect.objectContaining({ kind: 'forbidden', field: ['model'], message: expect.stringContaining(why) }),
  )
})

test('a name that begins with a provider does not lead around a rule for the model', () => {
  const model = { type: 'exact', text: 'payroll' } as const
  const rules: RouteRule[] = [{ name: 'quiet', match: { model }, targets: [], isLocalOnly: true }]
  const view = viewOf({ rules, providers: { openai: {} } })
  expect(() => planRoute(demand('openai/payroll'), circumstances(), view)).toThrow(/the rule "quiet" is local-only/)
  expect(planRoute(demand('openai/other'), circumstances(), view).localOnly).toBeUndefined()
})

test('a server whose settings say so keeps everything local', () => {
  const view = { ...viewOf({ providers: { openai: {} }, here: { m: {} } }), isLocalOnly: true }
  expect(planRoute(demand('m'), circumstances(), view).localOnly).toEqual({ by: 'settings' })
  expect(() => planRoute(demand('openai/x'), circumstances(), view)).toThrow(
    /the settings of this server are local-only/,
  )
})

test('a local-only rule without conditions is for what no other rule decides', () => {
  const rules: RouteRule[] = [
    { name: 'keyed', match: { keys: ['k'] }, targets: [{ provider: 'openai' }] },
    { name: 'rest', match: {}, targets: [{ provider: 'local' }], isLocalOnly: true },
  ]
  const view = viewOf({ rules, providers: { openai: {} }, here: { m: {} } })
  expect(planRoute(demand('m'), circumstances({ key: 'k' }), view).route).toBe('keyed')
  expect(planRoute(demand('m'), circumstances(), view).localOnly).toEqual({ by: 'rule', name: 'rest' })
  expect(() => planRoute(demand('openai/x'), circumstances(), view)).toThrow(/the rule "rest" is local-only/)
})

test('a rule for the name that was asked for holds behind every alias', () => {
  const view = viewOf({
    aliases: [{ alias: { type: 'exact', text: 'diary' }, model: 'openai/gpt-5' }],
    rules: [{ name: 'diary', match: { model: { type: 'exact', text: 'diary' } }, targets: [], isLocalOnly: true }],
    providers: { openai: {} },
  })
  expect(() => planRoute(demand('diary'), circumstances(), view)).toThrow(/the rule "diary" is local-only/)
})

test.each<ModelPattern>([
  { type: 'exact', text: 'Diary' },
  { type: 'prefix', text: 'dia' },
  { type: 'glob', text: 'd?ary*' },
  { type: 'regex', text: '(diary|notes)' },
])('a rule for $type $text holds however its letters are written', model => {
  const view = viewOf({
    rules: [
      { name: 'diary', match: { model }, targets: [{ provider: 'local' }], isLocalOnly: true },
      { name: 'rest', match: {}, targets: [{ provider: 'openai' }] },
    ],
    providers: { openai: {} },
  })
  const written = ['DIARY', 'openai/diarY', 'openai/maker/diary', ' diary', 'openai/ diary:free', 'a/b/c/diary']
  for (const name of written)
    expect(() => planRoute(demand(name), circumstances(), view)).toThrow(/the rule "diary" is local-only/)
  expect(planRoute(demand('other'), circumstances(), view).route).toBe('rest')
})

test('a rule for a header holds however the letters of its value are written', () => {
  const legal = { match: { headers: { 'x-team': 'legal*' } }, targets: [{ provider: 'local' }], isLocalOnly: true }
  const rest = { name: 'rest', match: {}, targets: [{ provider: 'openai' }] }
  const view = viewOf({ rules: [{ name: 'legal', ...legal }, rest], providers: { openai: {} } })
  const asked = circumstances({ headers: { 'x-team': 'LEGAL-2' } })
  expect(() => planRoute(demand('m'), asked, view)).toThrow(/the rule "legal" is local-only/)
})

test('of a local engine, only the models that stay there are local', () => {
  const backend = { ...home, isLocalModel: (model: string) => !model.endsWith(':cloud') }
  const targets = [
    { provider: 'ollama', model: 'big:cloud' },
    { provider: 'ollama', model: 'small' },
  ]
  const view = viewOf({ rules: [{ name: 'r', match: {}, targets }], providers: { ollama: { backend } } })
  const { targets: kept } = planRoute(demand('m'), circumstances({ localOnly: 'header' }), view)
  expect(kept.map(({ model }) => model)).toEqual(['small'])
})

/* Names that meet each other: of models, of providers, and of both at once. */
const names = ['a', 'b', 'home/a', 'cloud/a', 'cloud/b', 'mixed/a', 'mixed/b', 'local/a', 'local', 'cloud']
const name = fc.constantFrom(...names)
const pattern: fc.Arbitrary<ModelPattern> = fc.oneof(
  fc.record({ type: fc.constant('exact' as const), text: name }),
  fc.record({ type: fc.constant('prefix' as const), text: fc.constantFrom('a', 'cloud', 'c', 'mixed/') }),
  fc.record({ type: fc.constant('glob' as const), text: fc.constantFrom('*', '*/a', 'c*', '?') }),
  fc.record({ type: fc.constant('regex' as const), text: fc.constantFrom('.*', '[ab]', '(cloud|mixed)/.*') }),
)
const target = fc.record(
  { provider: fc.constantFrom('local', 'home', 'cloud', 'mixed', 'absent'), model: name, weight: fc.nat(3) },
  { requiredKeys: ['provider'] },
)
const rule = fc.record({
  match: fc.record(
    {
      model: pattern,
      keys: fc.constant(['k']),
      headers: fc.constant({ 'x-h': 'v*' }),
      promptTokens: fc.record({ atLeast: fc.nat(200) }),
    },
    { requiredKeys: [] },
  ),
  targets: fc.array(target, { minLength: 1, maxLength: 4 }),
  isLocalOnly: fc.boolean(),
  mostWaitMs: fc.nat(100),
})
const settings = fc.record({
  rules: fc
    .array(rule, { maxLength: 5 })
    .map(rules => rules.map((each, index) => ({ ...each, name: `rule ${index}` }))),
  aliases: fc.array(fc.record({ alias: pattern, model: name }), { maxLength: 4 }),
})
const weather = fc.record({
  rests: fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  waitMs: fc.nat(200),
  // Where the directory itself names targets that are elsewhere.
  isDirectoryHostile: fc.boolean(),
})
const asked = fc.record({
  model: name,
  promptTokens: fc.nat(400),
  key: fc.constantFrom('k', undefined),
  header: fc.boolean(),
})

interface Drawn {
  readonly rules: readonly RouteRule[]
  readonly aliases: readonly ModelAlias[]
}

/* Aliases that lead in a circle are refused when they are read, so a subset that is accepted is taken. */
function accepted({ rules, aliases }: Drawn): RoutingView['rules'] {
  for (let count = aliases.length; count > 0; count -= 1) {
    try {
      return readRules({ routes: rules, aliases: aliases.slice(0, count) })
    } catch {
      // One fewer may do.
    }
  }
  return readRules({ routes: rules })
}

function viewIn(
  drawn: Drawn,
  { rests, random, waitMs, isDirectoryHostile }: typeof weather extends fc.Arbitrary<infer W> ? W : never,
) {
  const outlook = () => ({ estimatedWaitMs: waitMs })
  const places: Record<string, Backend> = {
    home: { ...home, outlook },
    cloud: cloud('cloud', { outlook }),
    mixed: { ...home, name: 'mixed', isLocalModel: (model: string) => model.endsWith('b') },
  }
  let asked = 0
  const view: RoutingView = {
    rules: accepted(drawn),
    directory: {
      targets: model => {
        if (model !== 'a' && model !== 'cloud/a') return []
        return isDirectoryHostile
          ? [
              { backend: cloud('elsewhere'), model },
              { backend: home, model },
            ]
          : [{ backend: home, model }]
      },
      names: () => ['a'],
    },
    provider: id => {
      const backend = Object.hasOwn(places, id) ? places[id] : undefined
      return backend && { backend }
    },
    health: { restsForMs: () => (rests[(asked += 1) % rests.length] ?? 0) * 1000 },
    random: () => random,
  }
  return view
}

test('whatever rules, aliases, health and chance say, a request that must stay local has local targets or none', () => {
  let planned = 0
  let refused = 0
  const property = fc.property(settings, weather, asked, fc.constantFrom('key', 'header', undefined), (...drawn) => {
    const [written, conditions, { model, promptTokens, key, header }, localOnly] = drawn
    const view = viewIn(written, conditions)
    const around: Circumstances = circumstances({
      headers: header ? { 'x-h': 'value' } : {},
      ...(key !== undefined && { key }),
      ...(localOnly !== undefined && { localOnly }),
    })
    const wanted = demand(model, { promptTokens })
    // A rule that is for the request by the name that was asked for holds, whatever else is said.
    const isHeld =
      localOnly !== undefined || view.rules.rules.some(each => each.isLocalOnly === true && isFor(each, wanted, around))
    try {
      const plan = planRoute(wanted, around, view)
      planned += 1
      expect(plan.targets.length).toBeGreaterThan(0)
      const isDecided = written.rules.some(each => each.name === plan.route && Object.keys(each.match).length > 0)
      const isClosed =
        !isDecided && written.rules.some(each => each.isLocalOnly && Object.keys(each.match).length === 0)
      if (isHeld || isClosed) expect(plan.localOnly).toBeDefined()
      if (plan.localOnly) for (const each of plan.targets) expect(isLocalTarget(each)).toBe(true)
      expect(explainRoute(wanted, around, view).localOnly).toEqual(plan.localOnly)
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      refused += 1
      expect(['forbidden', 'not-found']).toContain(error.kind)
    }
  })
  fc.assert(property, { numRuns: 2000 })
  expect(Math.min(planned, refused)).toBeGreaterThan(100)
})

/* Written apart from what it checks, on purpose; a rule without conditions is looked at above. */
function isFor({ match }: RouteRule, { model, promptTokens }: Demand, around: Circumstances): boolean {
  const { model: wanted, keys, headers, promptTokens: size } = match
  if (Object.keys(match).length === 0) return false
  const isNamed = wanted === undefined || (wanted.type === 'exact' && wanted.text === model)
  return (
    isNamed &&
    (keys === undefined || around.key === 'k') &&
    (headers === undefined || around.headers['x-h'] !== undefined) &&
    (size?.atLeast === undefined || promptTokens >= size.atLeast)
  )
}
