import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RouteRule } from '../core/route-rules.ts'
import type { RuleSet } from '../store/merge-rules.ts'
import { openStore } from '../store/open-store.ts'
import type { Store } from '../store/open-store.ts'
import { gate } from '../../test/support/scripted-backend.ts'
import { LiveRules } from './live-rules.ts'
import type { LiveRulesState } from './live-rules.ts'

const nothing: RuleSet = { providers: [], routes: [], aliases: [] }
const rule: RouteRule = { name: 'r', match: {}, targets: [{ provider: 'local' }] }

async function newStores(): Promise<readonly [Store, Store]> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'duologue-live-'))
  onTestFinished(() => rm(dataDirectory, { recursive: true, force: true }))
  const open = async (): Promise<Store> => {
    const store = await openStore({ dataDirectory, now: Date.now })
    onTestFinished(() => store.close())
    return store
  }
  return [await open(), await open()]
}

function follow(store: Store): Promise<{ rules: LiveRules; next: () => Promise<LiveRulesState>; troubles: unknown[] }> {
  let news = Promise.withResolvers<LiveRulesState>()
  const troubles: unknown[] = []
  const onChange = (state: LiveRulesState): void => {
    news.resolve(state)
    news = Promise.withResolvers()
  }
  const opening = LiveRules.open({ store, file: nothing, onChange, onTrouble: error => troubles.push(error) })
  return opening.then(rules => {
    onTestFinished(() => rules.close())
    return { rules, next: () => news.promise, troubles }
  })
}

test('what another program changes in the store holds soon, and what was taken before stays as it was', async () => {
  const [serving, commands] = await newStores()
  const { rules, next } = await follow(serving)
  const before = rules.current
  const told = next()
  await commands.routes.put(rule)
  expect((await told).routes).toEqual([rule])
  expect(rules.current.routes).toEqual([rule])
  expect(before.routes).toEqual([])
})

test('a change of the file holds at once, before the store', async () => {
  const [serving] = await newStores()
  await serving.routes.put(rule)
  const { rules } = await follow(serving)
  rules.setFile({ ...nothing, routes: [{ ...rule, isLocalOnly: true }] })
  expect(rules.current).toMatchObject({
    routes: [{ name: 'r', isLocalOnly: true }],
    shadowed: [{ what: 'route', name: 'r' }],
  })
})

test('while the store cannot be read the rules stay, and the trouble is told', async () => {
  const [serving, commands] = await newStores()
  await commands.routes.put(rule)
  const { rules, next, troubles } = await follow(serving)
  const told = next()
  await serving.close()
  rules.reload()
  rules.setFile(nothing)
  await told
  await expect.poll(() => troubles).toMatchObject([{ kind: 'unavailable' }])
  expect(rules.current.routes).toEqual([rule])
})

test('a reading under way when all ends is waited for, and nothing is told of it any more', async () => {
  const [serving] = await newStores()
  const { gate: closed, open } = gate()
  let readings = 0
  const told: unknown[] = []
  const rules = await LiveRules.open({
    store: {
      changes: serving.changes,
      snapshot: async () => {
        readings += 1
        if (readings > 1) await closed
        return serving.snapshot()
      },
    },
    file: nothing,
    onChange: state => told.push(state),
    onTrouble: error => told.push(error),
  })
  rules.reload()
  rules.reload()
  await expect.poll(() => readings).toBe(2)
  const ending = rules.close()
  let isOver = false
  void ending.then(() => (isOver = true))
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  open()
  await ending
  expect([readings, told]).toEqual([2, []])
})
