import fc from 'fast-check'
import { expect, test } from 'vitest'
import { circumstances, demand, viewOf } from '../../test/support/routing-view.ts'
import { scripted } from '../../test/support/scripted-backend.ts'
import type { RouteRule } from '../core/route-rules.ts'
import { isLocalTarget } from './keep-private.ts'
import { explainRoute, planRoute } from './plan-route.ts'
import { findWaysOut, reachableProviders } from './ways-out.ts'

const home = { backend: scripted({ name: 'home', steps: [] }) }
const mixed = { backend: { ...home.backend, isLocalModel: (model: string) => model === 'small' } }
const all = { home, mixed, cloud: {} }

test('each way out is named with the rule that leads there', () => {
  const rules: RouteRule[] = [
    {
      name: 'near',
      match: {},
      targets: [{ provider: 'local' }, { provider: 'home' }, { provider: 'mixed', model: 'small' }],
    },
    {
      name: 'far',
      match: {},
      targets: [
        { provider: 'cloud', model: 'gpt' },
        { provider: 'mixed', model: 'big' },
      ],
    },
    { name: 'either', match: {}, targets: [{ provider: 'mixed' }, { provider: 'absent' }] },
    { name: 'kept', match: { keys: ['k'] }, targets: [{ provider: 'cloud' }], isLocalOnly: true },
  ]
  const view = viewOf({ rules, providers: all, here: { qwen: {} } })
  expect(findWaysOut(view, Object.keys(all))).toEqual([
    { route: 'far', target: 'cloud/gpt' },
    { route: 'far', target: 'mixed/big' },
    { route: 'either', target: 'mixed' },
    { route: 'addressed', target: 'mixed' },
    { route: 'addressed', target: 'cloud' },
  ])
})

test('a local-only rule for all that no other decides leaves only what others decide', () => {
  const far = { targets: [{ provider: 'cloud' }] }
  const rules: RouteRule[] = [
    { name: 'keyed', match: { keys: ['k'] }, ...far },
    { name: 'open', match: {}, ...far },
    { name: 'rest', match: {}, targets: [{ provider: 'local' }], isLocalOnly: true },
  ]
  expect(findWaysOut(viewOf({ rules, providers: all }), Object.keys(all))).toEqual([
    { route: 'keyed', target: 'cloud' },
  ])
  expect(findWaysOut({ ...viewOf({ rules, providers: all }), isLocalOnly: true }, Object.keys(all))).toEqual([])
})

test('a model that only seems to be here is a way out', () => {
  const view = viewOf({ here: { qwen: {} }, local: { isLocal: false } })
  expect(findWaysOut(view, [])).toEqual([{ route: 'here', target: 'local/qwen' }])
})

test('where no way out is listed, no plan holds a target that is not local', () => {
  const target = fc.record({
    provider: fc.constantFrom('local', 'home', 'mixed', 'cloud'),
    model: fc.constantFrom('small', 'big'),
  })
  const rule = fc.record({ targets: fc.array(target, { minLength: 1, maxLength: 2 }), isLocalOnly: fc.boolean() })
  const asked = fc.constantFrom('small', 'm', 'home/x', 'mixed/small', 'mixed/big', 'cloud/x')
  const known = fc.subarray(['home', 'mixed', 'cloud'] as const)
  let safe = 0
  const property = fc.property(fc.array(rule, { maxLength: 2 }), known, asked, (drawn, ids, model) => {
    const rules = drawn.map((each, index) => ({ ...each, name: `${index}`, match: {} }))
    const providers = Object.fromEntries(ids.map(id => [id, all[id]]))
    const view = viewOf({ rules, providers, here: { small: {} } })
    if (findWaysOut(view, ids).length > 0) return
    if (explainRoute(demand(model), circumstances(), view).refusal) return
    safe += 1
    for (const each of planRoute(demand(model), circumstances(), view).targets) expect(isLocalTarget(each)).toBe(true)
  })
  fc.assert(property, { numRuns: 1000 })
  expect(safe).toBeGreaterThan(20)
})

test('a provider to which nothing leads is not reachable, and one at home always is', () => {
  const keyed: RouteRule = { name: 'keyed', match: { keys: ['k'] }, targets: [{ provider: 'cloud' }] }
  const rest: RouteRule = { name: 'rest', match: {}, targets: [{ provider: 'local' }], isLocalOnly: true }
  const reached = (rules: readonly RouteRule[], isLocalOnly = false) =>
    reachableProviders({ ...viewOf({ rules, providers: all }), isLocalOnly }, Object.keys(all))
  expect(reached([])).toEqual(['home', 'mixed', 'cloud'])
  expect(reached([keyed, rest])).toEqual(['home', 'mixed', 'cloud'])
  expect(reached([rest])).toEqual(['home', 'mixed'])
  expect(reached([keyed], true)).toEqual(['home', 'mixed'])
})
