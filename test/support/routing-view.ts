import type { Backend } from '../../src/core/backend.ts'
import type { Capabilities } from '../../src/core/capabilities.ts'
import type { Circumstances, ModelAlias, RouteRule } from '../../src/core/route-rules.ts'
import type { Demand } from '../../src/routing/demand.ts'
import { readRules } from '../../src/routing/read-rules.ts'
import type { ProviderPlace, RoutingView } from '../../src/routing/view.ts'
import { scripted } from './scripted-backend.ts'

export interface ViewOptions {
  readonly rules?: readonly RouteRule[]
  readonly aliases?: readonly ModelAlias[]
  /** What is here, each with what it claims to know. */
  readonly here?: Readonly<Record<string, Capabilities>>
  readonly providers?: Readonly<Record<string, Partial<ProviderPlace>>>
  readonly local?: Partial<Backend>
  readonly health?: RoutingView['health']
  readonly random?: () => number
}

/** A view with models that are here, and providers of which none is local unless it says so. */
export function viewOf({
  here = {},
  providers = {},
  local = {},
  rules,
  aliases,
  ...options
}: ViewOptions = {}): RoutingView {
  const backend = { ...scripted({ name: 'engine', steps: [] }), ...local }
  return {
    rules: readRules({ ...(rules && { routes: rules }), ...(aliases && { aliases }) }),
    directory: {
      targets: name => {
        const capabilities = Object.hasOwn(here, name) ? here[name] : undefined
        return capabilities ? [{ backend, model: name, capabilities }] : []
      },
      names: () => Object.keys(here),
    },
    provider: id => {
      const place = Object.hasOwn(providers, id) ? providers[id] : undefined
      return place && { backend: cloud(id), ...place }
    },
    ...(options.health && { health: options.health }),
    random: options.random ?? (() => 0),
  }
}

/** A backend that is not local. */
export function cloud(name: string, changes: Partial<Backend> = {}): Backend {
  return { ...scripted({ name, steps: [] }), isLocal: false, ...changes }
}

export function demand(model: string, changes: Partial<Demand> = {}): Demand {
  return { model, needs: new Set(), promptTokens: 100, isCounted: false, isSteady: false, ...changes }
}

export function circumstances(changes: Partial<Circumstances> = {}): Circumstances {
  return { protocol: 'anthropic-messages', headers: {}, isStrict: false, ...changes }
}
