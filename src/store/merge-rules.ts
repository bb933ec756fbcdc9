import type { ProviderSettings } from '../core/provider-settings.ts'
import type { ModelAlias, RouteRule } from '../core/route-rules.ts'

/** What an owner set up in one place. */
export interface RuleSet {
  readonly providers: readonly ProviderSettings[]
  readonly routes: readonly RouteRule[]
  readonly aliases: readonly ModelAlias[]
}

/** Something that the store has and that does not hold, because the file has one of the same name. */
export interface Shadowed {
  readonly what: 'provider' | 'route' | 'alias'
  readonly name: string
}

/** What holds, of both places. */
export interface MergedRules extends RuleSet {
  readonly shadowed: readonly Shadowed[]
}

/**
 * Joins the configuration file and the store. Of the same provider id, route name or alias pattern the file's holds,
 * whole; the file's routes and aliases come before the store's. What does not hold is told.
 */
export function mergeRules(file: RuleSet, store: RuleSet): MergedRules {
  const providers = merge(file.providers, store.providers, ({ id }) => id)
  const routes = merge(file.routes, store.routes, ({ name }) => name)
  const aliases = merge(file.aliases, store.aliases, ({ alias }) => `${alias.type}:${alias.text}`)
  return {
    providers: providers.all,
    routes: routes.all,
    aliases: aliases.all,
    shadowed: [
      ...providers.shadowed.map(name => ({ what: 'provider', name }) as const),
      ...routes.shadowed.map(name => ({ what: 'route', name }) as const),
      ...aliases.shadowed.map(name => ({ what: 'alias', name }) as const),
    ],
  }
}

interface MergedList<Item> {
  readonly all: readonly Item[]
  readonly shadowed: readonly string[]
}

function merge<Item>(file: readonly Item[], store: readonly Item[], nameOf: (item: Item) => string): MergedList<Item> {
  const taken = new Set(file.map(nameOf))
  const isFree = (item: Item): boolean => !taken.has(nameOf(item))
  return {
    all: [...file, ...store.filter(isFree)],
    shadowed: store.filter(item => !isFree(item)).map(nameOf),
  }
}
