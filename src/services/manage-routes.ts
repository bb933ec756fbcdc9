import { writeModelPattern } from '../core/write-model-pattern.ts'
import { ModelError } from '../core/errors.ts'
import type { ModelAlias, ModelPattern, RouteRule } from '../core/route-rules.ts'
import { localProvider } from '../routing/view.ts'
import { assertUsableAliases, assertUsableRoute } from './check-rules.ts'
import { mergeRules } from '../store/merge-rules.ts'
import type { RuleSet, Shadowed } from '../store/merge-rules.ts'
import type { Store } from '../store/open-store.ts'
import type { Damage } from '../store/tables/row-reading.ts'

export interface RouteDependencies {
  readonly store: Store
  /** What the configuration file says. */
  readonly file: RuleSet
}

/** Whether the configuration file says so, or the store. */
export type Origin = 'file' | 'store'

/** The rules and aliases that hold, in their order, and what does not. */
export interface ToldRoutes {
  readonly routes: readonly (RouteRule & { readonly from: Origin })[]
  readonly aliases: readonly (ModelAlias & { readonly from: Origin })[]
  readonly shadowed: readonly Shadowed[]
  readonly damaged: readonly Damage[]
}

/** How a rule is kept. */
export interface AddedRoute {
  /** Where it goes among those of the store, counted from 1; absent: to the end, or where its forerunner was. */
  readonly position?: number
  readonly isReplacing: boolean
}

/** The use-cases about routes and aliases. */
export interface ManageRoutes {
  list(): Promise<ToldRoutes>
  /**
   * Keeps a rule, and gives the providers among its targets that are not set up. Throws `conflict` for a name that is
   * taken, unless it is to be replaced.
   */
  add(rule: RouteRule, how: AddedRoute): Promise<readonly string[]>
  /** Forgets rules: all or none. Throws `not-found` where one is not in the store. */
  remove(names: readonly string[]): Promise<void>
  /** Moves a rule to a place among those of the store, counted from 1. */
  move(name: string, position: number): Promise<void>
  addAlias(alias: ModelAlias): Promise<void>
  /** Throws `not-found` where the store has none of that pattern. */
  removeAlias(alias: ModelPattern): Promise<void>
}

/** Makes the use-cases about routes and aliases. */
export function createManageRoutes({ store, file }: RouteDependencies): ManageRoutes {
  const fileNames = file.routes.map(({ name }) => name)
  return {
    list: async () => {
      const { damaged, ...stored } = await store.snapshot()
      const merged = mergeRules(file, stored)
      return {
        routes: withOrigin(merged.routes, file.routes),
        aliases: withOrigin(merged.aliases, file.aliases),
        shadowed: merged.shadowed.filter(({ what }) => what !== 'provider'),
        damaged: damaged.filter(({ table }) => table !== 'providers'),
      }
    },
    add: async (rule, { position, isReplacing }) => {
      if (fileNames.includes(rule.name)) throw ofFile(rule.name)
      if (!isReplacing && (await namesIn(store)).includes(rule.name)) throw taken(rule.name)
      assertUsableRoute(rule)
      await store.routes.put(rule, position)
      return strangersIn(rule, [...file.providers, ...(await store.providers.list()).items])
    },
    remove: async names => {
      const known = await namesIn(store)
      const stranger = names.find(name => !known.includes(name))
      if (stranger !== undefined) throw fileNames.includes(stranger) ? ofFile(stranger) : unknown(stranger)
      for (const name of new Set(names)) await store.routes.remove(name)
    },
    move: async (name, position) => {
      if (fileNames.includes(name)) throw ofFile(name)
      await store.routes.move(name, position)
    },
    addAlias: async alias => {
      const { items } = await store.aliases.list()
      const others = items.filter(other => writeModelPattern(other.alias) !== writeModelPattern(alias.alias))
      assertUsableAliases([...file.aliases, ...others, alias])
      await store.aliases.put(alias)
    },
    removeAlias: async alias => {
      if (!(await store.aliases.remove(alias))) {
        throw new ModelError('not-found', `there is no such alias; duologue aliases list shows them`)
      }
    },
  }
}

function strangersIn({ targets }: RouteRule, known: RuleSet['providers']): readonly string[] {
  const ids = new Set([localProvider, ...known.map(({ id }) => id)])
  return [...new Set(targets.map(({ provider }) => provider).filter(id => !ids.has(id)))]
}

function withOrigin<Item>(all: readonly Item[], file: readonly Item[]): readonly (Item & { readonly from: Origin })[] {
  return all.map(item => ({ ...item, from: file.includes(item) ? 'file' : 'store' }))
}

/* A damaged one is there too: it can be replaced and removed. */
async function namesIn(store: Store): Promise<readonly string[]> {
  const { items, damaged } = await store.routes.list()
  return [...items.map(({ name }) => name), ...damaged.map(({ id }) => id)]
}

function ofFile(name: string): ModelError {
  return new ModelError('conflict', `route "${name}" is in the configuration file; change it there`)
}

function taken(name: string): ModelError {
  return new ModelError('conflict', `there is a route "${name}" already; --replace puts another in its place`)
}

function unknown(name: string): ModelError {
  return new ModelError('not-found', `there is no route "${name.slice(0, 100)}"; duologue routes list shows them`)
}
