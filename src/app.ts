import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createListener } from 'node:net'
import { join } from 'node:path'
import { InstalledModels } from './catalog/installed.ts'
import type { CommandApp } from './cli/program-context.ts'
import { ConfigError } from './config/config.ts'
import type { Config, Snapshot } from './config/config.ts'
import type { Environment } from './config/environment.ts'
import type { ConfigWatch } from './config/watch-config.ts'
import { engineEnvironment } from './config/environment.ts'
import { dataFolder, hubCacheFolder } from './config/folders.ts'
import { proxiesOf } from './config/proxies.ts'
import { toModelError } from './core/errors.ts'
import { memoryFolder } from './engine/archive-places.ts'
import type { ArchiveOptions } from './engine/archive-places.ts'
import { createEngine } from './engine/engine.ts'
import type { Engine, EngineNews, EngineOptions } from './engine/engine.ts'
import { contextTokensFor } from './engine/load-plan.ts'
import type { LoadPreferences } from './engine/load-plan.ts'
import { normaliseRules } from './engine/normalise/rules.ts'
import { provisionEngine } from './engine/provision.ts'
import type { CacheReport } from './core/cache-report.ts'
import { preferencesOf, unusedPreferences } from './model-preferences.ts'
import { builtInView } from './routing/built-in-view.ts'
import { createRunMeans } from './routing/run-means.ts'
import type { Circumstances } from './core/route-rules.ts'
import { askExplanation } from './server/ask-explanation.ts'
import { createServer } from './server/server.ts'
import type { DuologueServer, ServerOptions } from './server/server.ts'
import { assertSafeBind } from './server/safe-bind.ts'
import { createAnswer } from './services/answer.ts'
import { createComplete } from './services/complete.ts'
import { createCountTokens } from './services/count-tokens.ts'
import { createEmbed } from './services/embed.ts'
import { diagnose } from './services/diagnose.ts'
import { createLiveConfig } from './services/live-config.ts'
import { examineMachine } from './services/examine-machine.ts'
import type { Machine } from './services/examine-machine.ts'
import { createLocalModels } from './services/local-models.ts'
import type { LocalModels } from './services/local-models.ts'
import { createModels } from './services/models.ts'
import type { ModelsService } from './services/models.ts'
import { createRerank } from './services/rerank.ts'
import type { PullDependencies } from './services/pull-model.ts'
import { createLogger } from './telemetry/logger.ts'
import { readableLog } from './telemetry/readable-log.ts'
import type { Logger } from './telemetry/logger.ts'

/** The world that the program runs in. */
export interface World {
  readonly environment: Environment
  /** Where log lines go; to a terminal, in a form for people. */
  readonly log: { write(line: string): unknown; readonly isTTY?: boolean }
  /** Tells the person who watches what takes time. */
  readonly notify: (line: string) => void
  /** Follows the configuration file while the server runs; without it, the program keeps what it began with. */
  readonly watch?: (first: Snapshot) => ConfigWatch
}

/** Builds the whole program from a configuration: the one place that knows every part. */
export function createApp(first: Snapshot, world: World): CommandApp {
  const { config } = first
  const destination = world.log.isTTY === true ? readableLog(world.log) : world.log
  const logger = createLogger({ level: config.logLevel, destination })
  const live = createLiveConfig({ first, logger, watch: world.watch })
  const dataDirectory = dataFolder(config, world.environment)
  const models = new InstalledModels(dataDirectory)
  // Asked for with each load, so that a change counts from the next one on.
  const preferences = (model: string) => preferencesOf(model, live.current())
  const closing = new AbortController()
  const provision = () => provisionFor(config, world, closing.signal)
  const engine = openEngine(config, { ...world, logger, models, preferences, provision })
  const local = createLocalModels({
    models,
    backend: engine,
    contextTokens: (model, trained) => contextTokensFor(trained, preferences(model)),
  })
  const services = openServices(local)
  const load = (model: string): Promise<void> => loadKnown(model, services.models, engine)
  let server: DuologueServer | undefined
  return {
    needsKey: config.keys.length > 0,
    listen: async () => {
      requireSafeBind(config)
      for (const note of unusedPreferences(config, await models.list())) world.notify(note)
      server = await createServer({ services, logger, ...doorOf(config) })
      live.start()
      return urlOf(await listen(server, config))
    },
    load,
    loadExpected: () => loadAll([...config.models, ...config.pinnedModels], load),
    modelNames: async () => (await models.list()).map(({ id }) => id),
    processes: () => engine.status(),
    answer: (request, signal) =>
      services.answer({ request, isStreaming: true }, { signal, circumstances: fromTerminal, isVisible: isAnything }),
    diagnose: () => diagnose(examineMachine({ ...thisMachine(config), dataDirectory, models, provision })),
    close: async () => {
      live.close()
      await server?.close()
      closing.abort()
      await engine.close()
    },
  }
}

function openServices({ directory, cards }: LocalModels): ServerOptions['services'] {
  const view = async () => builtInView(await directory())
  const means = createRunMeans({ now: () => performance.now(), random: () => Math.random() })
  return {
    answer: createAnswer({ view, means }),
    complete: createComplete({ view, means }),
    countTokens: createCountTokens(view),
    embed: createEmbed(view),
    rerank: createRerank({ view, cards }),
    models: createModels(cards),
  }
}

function doorOf({ allowedHosts, allowedOrigins, keys }: Config): Omit<ServerOptions, 'services' | 'logger'> {
  return { security: { allowedHosts, allowedOrigins }, keys, clock: { now: () => Date.now(), uniqueId } }
}

function thisMachine(config: Config): Pick<Machine, 'availableMemoryBytes' | 'nodeVersion' | 'tryAddress'> {
  return {
    availableMemoryBytes: process.availableMemory(),
    nodeVersion: process.versions.node,
    tryAddress: () => tryAddress(config),
  }
}

async function loadKnown(model: string, models: ModelsService, engine: Engine): Promise<void> {
  // A wrong name is told with the names that exist.
  await models.find(model)
  await engine.load(model)
}

async function loadAll(models: readonly string[], load: (model: string) => Promise<void>): Promise<readonly string[]> {
  const names = [...new Set(models)]
  // One after the other, so that what each takes is known before the next one is planned.
  for (const name of names) await load(name)
  return names
}

/** What pulling and listing models need. */
export function pullDependencies({ config }: Snapshot, environment: Environment): PullDependencies {
  const { hubEndpoint, hubToken } = config
  return {
    models: new InstalledModels(dataFolder(config, environment)),
    hub: {
      endpoint: hubEndpoint,
      cacheDirectory: hubCacheFolder(config, environment),
      ...(hubToken !== undefined && { token: hubToken }),
      proxy: proxiesOf(config),
    },
    pip: { environment },
    availableMemoryBytes: process.availableMemory(),
    now: () => new Date(),
  }
}

/** Asks a running server of this configuration what became of a prompt in its cache. */
export function explainCache(requestId: string, config: Config, signal: AbortSignal): Promise<CacheReport> {
  const { host, port, keys } = config
  const key = keys[0]
  const url = urlOf({ host: loopbackOf[host] ?? host, port })
  return askExplanation(requestId, { url, ...(key !== undefined && { key }) }, signal)
}

/* What listens on every address is reached on the machine's own. */
const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

interface EngineParts {
  readonly logger: Logger
  readonly models: InstalledModels
  readonly preferences: (model: string) => LoadPreferences
  readonly provision: () => Promise<string>
}

function openEngine(
  config: Config,
  { environment, notify, logger, models, preferences, provision }: World & EngineParts,
): Engine {
  return createEngine({
    locate: async model => (await models.find(model))?.path,
    provision,
    preferences,
    archive: archiveOf(config, environment),
    normaliseOff: knownRules(config.normaliseOff),
    policy: policyOf(config),
    isConfined: config.confinesModels,
    availableMemoryBytes: () => process.availableMemory(),
    environment: engineEnvironment(environment),
    uniqueId,
    now: () => performance.now(),
    onNews: news => tellNews(news, { logger, notify }),
  })
}

async function provisionFor(config: Config, { environment, notify }: World, signal: AbortSignal): Promise<string> {
  const told = new Set<string>()
  const { packageDirectory } = await provisionEngine({
    directory: join(dataFolder(config, environment), 'engine'),
    platform: process.platform,
    arch: process.arch,
    environment,
    ...(config.engineBuild !== undefined && { build: config.engineBuild }),
    signal,
    onProgress: ({ phase }) => {
      if (phase !== 'done' && !told.has(phase)) notify(provisionNotes[phase])
      told.add(phase)
    },
  })
  return packageDirectory
}

const provisionNotes = {
  waiting: 'Waiting for the engine, which is being installed…',
  installing: 'Installing the engine, once: about 85 MB from the npm registry…',
} as const

function archiveOf(config: Config, environment: Environment): ArchiveOptions {
  const { cacheMemoryBytes, cacheDiskBytes } = config
  const memoryDirectory = memoryFolder(process.platform, process.getuid?.())
  return {
    dataDirectory: dataFolder(config, environment),
    ...(memoryDirectory !== undefined && { memoryDirectory }),
    ...(cacheMemoryBytes !== undefined && { memoryBytes: cacheMemoryBytes }),
    ...(cacheDiskBytes !== undefined && { diskBytes: cacheDiskBytes }),
  }
}

function knownRules(names: readonly string[]): readonly string[] {
  const rules = normaliseRules.map(({ name }) => name)
  const unknown = names.find(name => !rules.includes(name))
  if (unknown === undefined) return names
  throw new ConfigError(
    `DUOLOGUE_NORMALISE_OFF ${JSON.stringify(unknown)} is not usable: the rules are ${rules.join(', ')}`,
  )
}

function policyOf({ models, pinnedModels, memoryBytes, ...config }: Config): EngineOptions['policy'] {
  const { keepAliveMs, queueTimeoutMs, mostWaiting, attach, attachGraceMs } = config
  return {
    pinned: pinnedModels,
    expected: models,
    keepAliveMs,
    queueTimeoutMs,
    mostWaiting,
    attach,
    attachGraceMs,
    ...(memoryBytes !== undefined && { memoryBytes }),
  }
}

function tellNews(news: EngineNews, { logger, notify }: { logger: Logger; notify: World['notify'] }): void {
  switch (news.type) {
    case 'loading':
      notify(`Loading ${news.model}: ${news.plan.contextTokens} tokens of context × ${news.plan.slots}…`)
      return logger.info(news, 'a model is being loaded')
    case 'ready':
      return logger.info(news, 'a model is ready')
    case 'failed':
      return logger.warn(news, 'a model could not be loaded')
    case 'crashed':
      return logger.error(news, 'the process of a model ended by itself')
    case 'unloaded':
      return logger.info(news, 'a model was unloaded')
    case 'progress':
  }
}

/* A public address without keys is a setting that cannot be used, and the shell is told so. */
function requireSafeBind({ host, keys, allowsNoKeys }: Config): void {
  try {
    assertSafeBind({ host, keys, insecure: allowsNoKeys })
  } catch (error) {
    throw new ConfigError(toModelError(error).message, { cause: error })
  }
}

async function listen(server: DuologueServer, config: Config): Promise<{ host: string; port: number }> {
  try {
    return await server.listen({ host: config.host, port: config.port })
  } catch (error) {
    throw cannotListen(config, error)
  }
}

const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use; choose another with --port, or stop what listens there',
  EACCES: 'may not be used by this user; choose a port above 1023 with --port',
  EADDRNOTAVAIL: 'is no address of this machine; choose one with --host',
  ENOTFOUND: 'is no address of this machine; choose one with --host',
}

function cannotListen({ host, port }: Config, cause: unknown): ConfigError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return new ConfigError(`${host}:${port} ${listenFailures[code] ?? 'cannot be listened on'}`, { cause })
}

/** Listens for a moment where the server would. */
async function tryAddress(config: Config): Promise<string> {
  requireSafeBind(config)
  const { host, port } = config
  const listener = createListener()
  try {
    listener.listen({ host, port })
    await once(listener, 'listening')
    return `${host}:${port}`
  } catch (error) {
    throw cannotListen(config, error)
  } finally {
    listener.close()
  }
}

function urlOf({ host, port }: { host: string; port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function uniqueId(): string {
  return randomBytes(18).toString('base64url')
}

/* Rules know requests by their protocol; what a person asks at the terminal comes in the richest one. */
const fromTerminal: Circumstances = { protocol: 'anthropic-messages', headers: {}, isStrict: false }

function isAnything(): boolean {
  return true
}
