import type { RequestListener, Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExchangeService } from '../services/answer.ts'
import type { CompleteService } from '../services/complete.ts'
import type { CountTokensService } from '../services/count-tokens.ts'
import type { EmbedService } from '../services/embed.ts'
import type { ExplainRouteService } from '../services/explain-route.ts'
import type { KeepResponsesService } from '../services/keep-responses.ts'
import type { ModelsService } from '../services/models.ts'
import type { RerankService } from '../services/rerank.ts'
import type { SharedPulls } from '../services/shared-pulls.ts'
import type { FollowModelsService } from '../services/watch-models.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createCacheReports } from './cache-reports.ts'
import { Exchanges } from './exchanges.ts'
import { createFramework } from './framework.ts'
import { passGate, type SecurityRules } from './gate.ts'
import { createHttpServer } from './http-server.ts'
import { followKeys } from './keyring.ts'
import type { LiveKeys } from './keyring.ts'
import { defaultLimits, type ServerLimits } from './limits.ts'
import { logExchange } from './log-exchange.ts'
import { createOwnerChecks, type OwnerChecks } from './owner.ts'
import { Places } from './places.ts'
import type { Clock } from './routes/answer-call.ts'
import { anthropicRoutes } from './routes/anthropic.ts'
import { completionRoutes } from './routes/completions.ts'
import { explainRoutes, type ExplainOptions } from './routes/explain.ts'
import { healthRoutes, type Readiness } from './routes/health.ts'
import { homeRoutes } from './routes/home.ts'
import { modelEventRoutes } from './routes/model-events.ts'
import { modelRoutes } from './routes/models.ts'
import { openaiRoutes } from './routes/openai.ts'
import { pullRoutes } from './routes/pulls.ts'
import { rerankRoutes } from './routes/rerank.ts'
import { responsesRoutes } from './routes/responses.ts'
import type { Route } from './routes/route.ts'
import { drain, type Phase } from './shutdown.ts'

export interface ServerOptions {
  readonly services: {
    readonly exchange: ExchangeService
    readonly complete: CompleteService
    readonly countTokens: CountTokensService
    readonly embed: EmbedService
    readonly rerank: RerankService
    readonly models: ModelsService
    readonly followModels: FollowModelsService
    readonly pulls: SharedPulls
    readonly explainRoute: ExplainRouteService
    readonly responses: KeepResponsesService
  }
  readonly security: SecurityRules
  /** Gives the API keys of which a client must present one, as they are at this moment. Without any, none is needed. */
  readonly keys: LiveKeys
  readonly limits?: Partial<ServerLimits>
  readonly logger: Logger
  readonly clock: Clock
  /** Whether the models are ready to be asked; they are, unless this says otherwise. */
  readonly readiness?: () => Readiness
}

export interface CloseOptions {
  /** How long answers under way may go on. */
  readonly graceMs?: number
  /** How long the server goes on accepting while it already says that it is not ready, for load balancers to notice. */
  readonly drainDelayMs?: number
}

/** The HTTP server, before or after it listens. */
export interface DuologueServer {
  readonly routes: readonly Route[]
  /** Exchanges under way. */
  readonly activeRequests: number
  /** Starts to listen, and gives the address. A port of 0 means any free one. */
  listen(address: {
    readonly host: string
    readonly port: number
  }): Promise<{ readonly host: string; readonly port: number }>
  /** Stops: answers under way may end within the grace, and the others are told. */
  close(options?: CloseOptions): Promise<void>
}

/** Builds the server. It does not listen yet. */
export async function createServer(options: ServerOptions): Promise<DuologueServer> {
  const limits: ServerLimits = { ...defaultLimits, ...options.limits }
  const phase: Phase = { isDraining: false, isStopped: false }
  const stopping = new AbortController()
  const places = new Places(limits)
  const keyring = followKeys(options.keys)
  const checks = createOwnerChecks(keyring)
  const reports = createCacheReports(checks)
  const exchanges = new Exchanges(exchange => {
    places.leave(exchange)
    reports.keep(exchange)
    logExchange(options.logger, exchange)
  })
  const gate = { rules: options.security, phase, opened: exchanges.open.bind(exchanges) }
  const servers: Server[] = []
  const listenWith = (handle: RequestListener) => {
    const guarded: RequestListener = (request, response) => {
      const requestId = `req_${options.clock.uniqueId()}`
      if (passGate(request, response, { ...gate, requestId })) handle(request, response)
    }
    const server = createHttpServer({ limits, exchanges, handle: guarded })
    servers.push(server)
    return server
  }
  const routes = allRoutes(options, { limits, phase, stopping: stopping.signal, places, reports, ...checks })
  const app = createFramework({ routes, keyring, ...checks, limits, exchanges, places, listenWith })
  await app.ready()
  return {
    routes,
    get activeRequests() {
      return exchanges.size
    },
    listen: async address => {
      await app.listen(address)
      const bound = app.server.address()
      if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address and a port')
      return { host: bound.address, port: bound.port }
    },
    close: async ({ graceMs = 10_000, drainDelayMs = 0 } = {}) => {
      phase.isDraining = true
      if (drainDelayMs > 0) await delay(drainDelayMs)
      phase.isStopped = true
      stopping.abort()
      const closed = app.close()
      await drain(exchanges, graceMs)
      for (const server of servers) server.closeAllConnections()
      await closed
    },
  }
}

interface AllMeans extends Pick<ExplainOptions, 'reports' | 'places'>, OwnerChecks {
  readonly limits: ServerLimits
  readonly phase: Phase
  readonly stopping: AbortSignal
}

function allRoutes(
  { services, clock, readiness }: ServerOptions,
  { limits, phase, stopping, places, isOwners, ...explaining }: AllMeans,
): readonly Route[] {
  const shared = { exchange: services.exchange, limits, clock }
  const recalling = { responses: services.responses, places }
  return [
    ...anthropicRoutes(shared, services.countTokens),
    ...openaiRoutes(shared, services.embed),
    ...responsesRoutes({ ...shared, ...recalling, countTokens: services.countTokens }),
    ...completionRoutes({ complete: services.complete, limits, clock }),
    ...rerankRoutes(services.rerank),
    ...modelRoutes(services.models),
    ...modelEventRoutes({ follow: services.followModels, limits, stopping, isOwners }),
    ...pullRoutes({ pulls: services.pulls, limits }),
    ...explainRoutes({ ...explaining, ...recalling, explainRoute: services.explainRoute }),
    ...homeRoutes(),
    ...healthRoutes(() => {
      if (phase.isDraining) return { isReady: false, reason: 'the server is shutting down' }
      return readiness?.() ?? { isReady: true }
    }),
  ]
}
