import { join } from 'node:path'
import type { InstalledModels } from './catalog/installed.ts'
import { ConfigError } from './config/config.ts'
import type { Config } from './config/config.ts'
import { engineEnvironment } from './config/environment.ts'
import type { Environment } from './config/environment.ts'
import { dataFolder } from './config/folders.ts'
import { memoryFolder } from './engine/archive-places.ts'
import type { ArchiveOptions } from './engine/archive-places.ts'
import { createEngine } from './engine/engine.ts'
import type { Engine, EngineNews, EngineOptions } from './engine/engine.ts'
import type { LoadPreferences } from './engine/load-plan.ts'
import { normaliseRules } from './engine/normalise/rules.ts'
import { provisionEngine } from './engine/provision.ts'
import type { ProvisionProgress } from './engine/provision.ts'
import type { Logger } from './telemetry/logger.ts'
import type { World } from './world.ts'

/** What the engine is made of beside the configuration. */
export interface EngineParts {
  readonly logger: Logger
  readonly models: InstalledModels
  readonly preferences: (model: string) => LoadPreferences
  readonly provision: () => Promise<string>
  readonly uniqueId: () => string
  /** How long a model stays without requests, where the owner says it of this one. */
  readonly keepAliveMsOf: (model: string) => number | undefined
  readonly onNews: (news: EngineNews) => void
}

/** Makes the engine as the owner configured it. Nothing is loaded yet. */
export function openEngine(
  config: Config,
  { environment, notify, logger, models, preferences, provision, uniqueId, keepAliveMsOf, onNews }: World & EngineParts,
): Engine {
  return createEngine({
    locate: async model => (await models.find(model))?.path,
    provision,
    preferences,
    archive: archiveOf(config, environment),
    normaliseOff: knownRules(config.normaliseOff),
    policy: { ...policyOf(config), keepAliveMsOf },
    isConfined: config.confinesModels,
    availableMemoryBytes: () => process.availableMemory(),
    environment: engineEnvironment(environment),
    uniqueId,
    now: () => performance.now(),
    onNews: news => {
      tellNews(news, { logger, notify })
      onNews(news)
    },
  })
}

/** The native package that the engine runs on. */
export interface EnginePackage {
  /** Gives its folder, and installs it where it is missing. */
  readonly provision: () => Promise<string>
  /** How much of it is installed, while somebody waits for that. */
  readonly installedBytes: () => number | undefined
}

export interface EnginePackageOptions extends Pick<World, 'environment' | 'notify'> {
  readonly signal: AbortSignal
  /** Called when more of it is installed, or all. */
  readonly onProgress: () => void
}

/** Makes the native package for this machine available. It is installed when it is first asked for. */
export function createEnginePackage(config: Config, options: EnginePackageOptions): EnginePackage {
  const { environment, notify, signal, onProgress } = options
  const waiting = new Map<symbol, number>()
  const provision = async (): Promise<string> => {
    const who = Symbol('who waits')
    const told = new Set<string>()
    const note = ({ phase, installedBytes }: ProvisionProgress): void => {
      if (phase === 'done') return
      if (!told.has(phase)) notify(provisionNotes[phase])
      told.add(phase)
      waiting.set(who, installedBytes)
      onProgress()
    }
    try {
      const directory = join(dataFolder(config, environment), 'engine')
      const build = config.engineBuild !== undefined && { build: config.engineBuild }
      const { platform, arch } = process
      const asked = { directory, platform, arch, environment, ...build, signal, onProgress: note }
      return (await provisionEngine(asked)).packageDirectory
    } finally {
      if (waiting.delete(who)) onProgress()
    }
  }
  return { provision, installedBytes: () => (waiting.size === 0 ? undefined : Math.max(...waiting.values())) }
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
    case 'refused':
      notify(`The engine refused ${news.plan.contextTokens} tokens of context × ${news.plan.slots} for ${news.model}.`)
      return logger.warn(news, 'a model could not be loaded as planned')
    case 'failed':
      return logger.warn(news, 'a model could not be loaded')
    case 'crashed':
      return logger.error(news, 'the process of a model ended by itself')
    case 'cache-trouble':
      return logger.warn(news, 'conversations are not kept in one of their places for a while')
    case 'leaving':
      return logger.info(news, 'a model makes way for another one that waits')
    case 'unloaded':
      return logger.info(news, 'a model was unloaded')
    case 'waiting':
    case 'progress':
    case 'gone':
  }
}
