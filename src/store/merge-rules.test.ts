import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeRules } from './merge-rules.ts'
import type { RuleSet } from './merge-rules.ts'

const nothing: RuleSet = { providers: [], routes: [], aliases: [] }

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'))
const sets = fc.record({
  providers: names.map(all => all.map(id => ({ id, kind: 'ollama' }))),
  routes: names.map(all => all.map(name => ({ name, match: {}, targets: [{ provider: 'local' }] }))),
  aliases: names.map(all => all.map(text => ({ alias: { type: 'exact' as const, text }, model: 'm' }))),
})

test('the file holds whole, before what else the store has', () => {
  const file = { ...nothing, routes: [{ name: 'a', match: {}, targets: [{ provider: 'file' }] }] }
  const store = {
    ...nothing,
    routes: [
      { name: 'b', match: {}, targets: [{ provider: 'store' }] },
      { name: 'a', match: {}, targets: [{ provider: 'store' }], isLocalOnly: true },
    ],
  }
  expect(mergeRules(file, store)).toEqual({
    ...nothing,
    routes: [file.routes[0], store.routes[0]],
    shadowed: [{ what: 'route', name: 'a' }],
  })
})

test('an alias is shadowed by one of the same pattern only', () => {
  const exact = { alias: { type: 'exact', text: 'gpt' }, model: 'one' } as const
  const prefix = { alias: { type: 'prefix', text: 'gpt' }, model: 'two' } as const
  const merged = mergeRules(
    { ...nothing, aliases: [exact] },
    { ...nothing, aliases: [prefix, { ...exact, model: 'x' }] },
  )
  expect(merged.aliases).toEqual([exact, prefix])
  expect(merged.shadowed).toEqual([{ what: 'alias', name: 'exact:gpt' }])
})

test('everything of both either holds or is told as shadowed, once', () => {
  fc.assert(
    fc.property(sets, sets, (file, store) => {
      const merged = mergeRules(file, store)
      for (const list of ['providers', 'routes', 'aliases'] as const) {
        expect(merged[list].slice(0, file[list].length)).toEqual(file[list])
      }
      const held = merged.providers.length + merged.routes.length + merged.aliases.length
      const given = [file, store].flatMap(({ providers, routes, aliases }) => [...providers, ...routes, ...aliases])
      expect(held + merged.shadowed.length).toBe(given.length)
      expect(new Set(merged.providers.map(({ id }) => id)).size).toBe(merged.providers.length)
    }),
  )
})
