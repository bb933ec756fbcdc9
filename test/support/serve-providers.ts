import type { Backend } from '../../src/core/backend.ts'
import type { Capabilities } from '../../src/core/capabilities.ts'
import type { ModelCard } from '../../src/core/model-card.ts'
import type { ProviderSettings } from '../../src/core/provider-settings.ts'
import type { Circumstances, ModelAlias, RouteRule } from '../../src/core/route-rules.ts'
import { Secret } from '../../src/core/secret.ts'
import { createProvider } from '../../src/providers/create-provider.ts'
import { createOutbound } from '../../src/providers/outbound.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { readRules } from '../../src/routing/read-rules.ts'
import { createRunMeans } from '../../src/routing/run-means.ts'
import type { ModelDirectory, RoutingView } from '../../src/routing/view.ts'
import { providersFor } from '../../src/routing/ways-out.ts'
import type { ClientKey } from '../../src/server/client-key.ts'
import { createServer } from '../../src/server/server.ts'
import { createExchange } from '../../src/services/answer.ts'
import { createComplete } from '../../src/services/complete.ts'
import { createCountTokens } from '../../src/services/count-tokens.ts'
import { createEmbed } from '../../src/services/embed.ts'
import { createExplainRoute } from '../../src/services/explain-route.ts'
import type { KeepResponsesService } from '../../src/services/keep-responses.ts'
import { createModels } from '../../src/services/models.ts'
import { createRerank } from '../../src/services/rerank.ts'
import { createModelWatch } from '../../src/services/watch-models.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { card } from './cards.ts'
import { keepsNothing } from './kept-responses.ts'
import { noPulls } from './test-pulls.ts'

/** A model that is here, with who serves it. */
export interface Here {
  readonly backend: Backend
  readonly capabilities?: Capabilities
}

export interface ServeOptions {
  /** By id. A provider that is not given a key has `providerKey`. */
  readonly providers: Readonly<Record<string, Omit<ProviderSettings, 'id'>>>
  readonly rules?: readonly RouteRule[]
  readonly aliases?: readonly ModelAlias[]
  readonly here?: Readonly<Record<string, Here>>
  /** What is here, where that changes while the server runs. */
  readonly directory?: () => Promise<ModelDirectory>
  readonly isLocalOnly?: boolean
  readonly keys?: readonly ClientKey[]
  readonly headersAfterMs?: number
  /** Nothing is stored where it is absent. */
  readonly responses?: KeepResponsesService
}

/** A whole server on a loopback port, with providers over real sockets behind it. */
export interface ServedProviders extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly log: readonly Record<string, unknown>[]
  readonly logText: () => string
}

/** The key of every provider, which must be seen in one header of one request and nowhere else. */
export const providerKey = 'sk-canary-provider-71c4'

/** Starts a server whose rules lead to these providers. */
export async function serveProviders(options: ServeOptions): Promise<ServedProviders> {
  const lines: string[] = []
  const { here = {}, directory, headersAfterMs } = options
  const means = createRunMeans({ now: () => performance.now(), random: () => 0 })
  const opened = openProviders(options)
  const view = viewOf(options, opened.providers, means.health)
  const viewNow = async () => (directory ? { ...view, directory: await directory() } : view)
  const answering = { view: viewNow, means, ...(headersAfterMs !== undefined && { headersAfterMs }) }
  const cards = async () => Object.keys(here).map(card)
  const server = await createServer({
    services: {
      exchange: createExchange(answering),
      complete: createComplete(answering),
      countTokens: createCountTokens(answering),
      embed: createEmbed(answering),
      rerank: createRerank({ ...answering, cards }),
      responses: options.responses ?? keepsNothing,
      followModels: createModelWatch({ installed: async () => Object.keys(here), loaded: () => [] }).follow,
      pulls: noPulls,
      explainRoute: createExplainRoute(answering.view),
      models: createModels({ here: cards, elsewhere: circumstances => listAll(view, opened.providers, circumstances) }),
    },
    security: { allowedHosts: [], allowedOrigins: [] },
    keys: () => options.keys ?? [],
    logger: createLogger({ level: 'debug', destination: { write: line => lines.push(line) } }),
    clock: { now: () => 1_800_000_000_000, uniqueId: countUp() },
  })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get log() {
      return lines.map(line => JSON.parse(line) as Record<string, unknown>)
    },
    logText: () => lines.join(''),
    [Symbol.asyncDispose]: async () => {
      await server.close({ graceMs: 0 })
      await opened.close()
    },
  }
}

function openProviders({ providers: settings }: ServeOptions) {
  const outbound = createOutbound()
  const key = new Secret(providerKey)
  const providers = new Map(
    Object.entries(settings).map(([id, own]) => {
      return [id, createProvider({ key, ...own, id }, { outbound, now: () => performance.now() })] as const
    }),
  )
  const close = async () => {
    for (const provider of providers.values()) provider.close()
    await outbound.close()
  }
  return { providers, close }
}

function viewOf(
  { rules = [], aliases = [], here = {}, isLocalOnly = false }: ServeOptions,
  providers: ReadonlyMap<string, Provider>,
  health: NonNullable<RoutingView['health']>,
): RoutingView {
  return {
    rules: readRules({ routes: rules, aliases }),
    directory: {
      targets: name => {
        const found = Object.hasOwn(here, name) ? here[name] : undefined
        return found ? [{ ...found, model: name }] : []
      },
      names: () => Object.keys(here),
    },
    provider: id => providers.get(id),
    health,
    isLocalOnly,
    random: () => 0,
  }
}

async function listAll(
  view: RoutingView,
  providers: ReadonlyMap<string, Provider>,
  circumstances: Circumstances,
): Promise<readonly ModelCard[]> {
  const able = providersFor(circumstances, view, [...providers.keys()])
  const asked = [...providers].filter(([id]) => able.includes(id))
  return (await Promise.all(asked.map(([, provider]) => provider.models(AbortSignal.timeout(2000))))).flat()
}

function countUp(): () => string {
  let count = 0
  return () => {
    count += 1
    return `u${count}`
  }
}
