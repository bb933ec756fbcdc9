import { onTestFinished } from 'vitest'
import type { Backend } from '../../src/core/backend.ts'
import type { ModelCard } from '../../src/core/model-card.ts'
import { Secret } from '../../src/core/secret.ts'
import { builtInView } from '../../src/routing/built-in-view.ts'
import { createRunMeans } from '../../src/routing/run-means.ts'
import type { ModelDirectory } from '../../src/routing/view.ts'
import type { ClientKey } from '../../src/server/client-key.ts'
import type { ServerLimits } from '../../src/server/limits.ts'
import { createServer, type DuologueServer, type ServerOptions } from '../../src/server/server.ts'
import { createExchange } from '../../src/services/answer.ts'
import { createComplete } from '../../src/services/complete.ts'
import { createCountTokens } from '../../src/services/count-tokens.ts'
import { createEmbed } from '../../src/services/embed.ts'
import { createExplainRoute } from '../../src/services/explain-route.ts'
import type { KeepResponsesService } from '../../src/services/keep-responses.ts'
import { createModels } from '../../src/services/models.ts'
import { createRerank } from '../../src/services/rerank.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import type { SharedPulls } from '../../src/services/shared-pulls.ts'
import { createModelWatch } from '../../src/services/watch-models.ts'
import type { FollowModelsService } from '../../src/services/watch-models.ts'
import { card } from './cards.ts'
import { keepsNothing } from './kept-responses.ts'
import { noPulls } from './test-pulls.ts'

export interface StartOptions {
  /** Who serves the model `m`, best first. */
  readonly backends?: readonly Backend[]
  readonly cards?: readonly ModelCard[]
  /** Keys alone are named by their places, from `key-1` on. */
  readonly keys?: readonly (string | ClientKey)[]
  readonly allowedHosts?: readonly string[]
  readonly allowedOrigins?: readonly string[]
  readonly limits?: Partial<ServerLimits>
  readonly headersAfterMs?: number
  /** Nothing is stored where it is absent. */
  readonly responses?: KeepResponsesService
  /** Nothing happens to the models where it is absent. */
  readonly followModels?: FollowModelsService
  /** Nobody asks for downloads where it is absent. */
  readonly pulls?: SharedPulls
  /** Any free port, unless one is named. */
  readonly port?: number
  readonly isListening?: boolean
  readonly readiness?: NonNullable<ServerOptions['readiness']>
}

export interface Started {
  readonly server: DuologueServer
  readonly port: number
  /** What the server wrote to its log, a record each. */
  readonly log: readonly Record<string, unknown>[]
  readonly logText: () => string
}

/** Starts a server on a free port, which stops when the test ends. */
export async function start(options: StartOptions = {}): Promise<Started> {
  const started = await startServer(options)
  onTestFinished(() => started.server.close({ graceMs: 0 }))
  return started
}

const { follow: followModels } = createModelWatch({ installed: async () => ['m'], loaded: () => [] })
const defaults = { backends: [], cards: [card('m')], responses: keepsNothing, followModels, pulls: noPulls }

/** Starts a server on a free port. */
export async function startServer(options: StartOptions = {}): Promise<Started> {
  const { backends, cards, responses, followModels, pulls, limits, readiness } = { ...defaults, ...options }
  const keys = (options.keys ?? []).map(toClientKey)
  const lines: string[] = []
  const log: Record<string, unknown>[] = []
  const view = async () => builtInView(directoryOf(backends))
  const means = createRunMeans({ now: () => performance.now(), random: () => 0 })
  const { headersAfterMs } = options
  const answering = { view, means, ...(headersAfterMs !== undefined && { headersAfterMs }) }
  let count = 0
  const server = await createServer({
    services: {
      exchange: createExchange(answering),
      complete: createComplete(answering),
      countTokens: createCountTokens(answering),
      embed: createEmbed(answering),
      rerank: createRerank({ ...answering, cards: async () => cards }),
      responses,
      followModels,
      pulls,
      explainRoute: createExplainRoute(view),
      models: createModels({ here: async () => cards, elsewhere: async () => [] }),
    },
    security: { allowedHosts: options.allowedHosts ?? [], allowedOrigins: options.allowedOrigins ?? [] },
    keys: () => keys,
    ...(limits && { limits }),
    ...(readiness && { readiness }),
    logger: createLogger({
      level: 'debug',
      destination: {
        write: line => {
          lines.push(line)
          log.push(JSON.parse(line))
        },
      },
    }),
    clock: {
      now: () => 1_800_000_000_000,
      uniqueId: () => {
        count += 1
        return `u${count}`
      },
    },
  })
  const { port } =
    options.isListening === false ? { port: 0 } : await server.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  return { server, port, log, logText: () => lines.join('') }
}

function toClientKey(key: string | ClientKey, index: number): ClientKey {
  return typeof key === 'string' ? { name: `key-${index + 1}`, key: new Secret(key) } : key
}

function directoryOf(backends: readonly Backend[]): ModelDirectory {
  return {
    targets: name => (name === 'm' ? backends.map(backend => ({ backend, model: 'm' })) : []),
    names: () => (backends.length > 0 ? ['m'] : []),
  }
}

/** A request that both protocols take. */
export const hello = { model: 'm', max_tokens: 16, messages: [{ role: 'user', content: 'Hello' }] } as const
