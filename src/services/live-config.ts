import type { Snapshot } from '../config/config.ts'
import type { ConfigNews, ConfigWatch } from '../config/watch-config.ts'
import type { Changes } from '../config/changes.ts'
import { fileKeyOf } from '../config/setting.ts'
import { settings } from '../config/settings.ts'
import type { SettingName } from '../config/settings.ts'
import type { Rules } from '../config/rules.ts'
import type { AdjustableLogger } from '../telemetry/logger.ts'

/** The configuration while the program runs. */
export interface LiveConfig {
  /** What is in force at this moment. Whoever needs the same for a whole request keeps what this gave. */
  current(): Snapshot
  /** Follows the file from here on. */
  start(): void
  /** Calls a listener with each snapshot that takes force from here on. Gives what ends that. */
  onChange(listener: (snapshot: Snapshot) => void): () => void
  close(): void
}

export interface LiveConfigOptions {
  readonly first: Snapshot
  readonly logger: AdjustableLogger
  /** Begins to follow the file; without it the configuration stays what it is. */
  readonly watch: ((first: Snapshot) => ConfigWatch) | undefined
}

/** Applies what can be applied of each change of the configuration, and logs what became of it. */
export function createLiveConfig({ first, logger, watch }: LiveConfigOptions): LiveConfig {
  let followed: ConfigWatch | undefined
  const listeners = new Set<(snapshot: Snapshot) => void>()
  return {
    current: () => followed?.current() ?? first,
    start: () => {
      followed = watch?.(first)
      followed?.onNews(news => {
        if (news.type === 'changed') logger.level = news.snapshot.config.logLevel
        tell(news, logger)
        if (news.type === 'changed') for (const listener of listeners) listener(news.snapshot)
      })
    },
    onChange: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => followed?.close(),
  }
}

/** The sections that take force while the server runs. */
export const liveSections: ReadonlySet<keyof Rules> = new Set(['models', 'providers', 'aliases', 'routes', 'keys'])
/** The settings that do. All others wait for its next start, and that is told. */
export const liveSettings: ReadonlySet<SettingName> = new Set([
  'logLevel',
  'isLocalOnly',
  'isStrict',
  'keys',
  'contextTokens',
  'slots',
  'threads',
  'promptThreads',
  'slowdown',
  'pace',
  'gpuLayers',
  'cacheType',
  'flashAttention',
])

function tell(news: ConfigNews, logger: AdjustableLogger): void {
  switch (news.type) {
    case 'changed':
      return tellChanges(news.changes, logger)
    case 'refused':
      return logger.error({ file: news.path, reason: news.message }, 'the configuration stays as it was')
    case 'blind':
      return logger.warn(
        { folder: news.folder },
        'changes of the configuration in this folder go unnoticed; send SIGHUP after one',
      )
  }
}

function tellChanges(changes: Changes, logger: AdjustableLogger): void {
  const needRestart = [
    ...changes.settings.filter(name => !liveSettings.has(name)).map(nameInFile),
    ...changes.sections.filter(name => !liveSections.has(name)),
  ]
  const changed = [...changes.settings.filter(name => name !== 'keys').map(nameInFile), ...changes.sections]
  logger.info({ changed }, 'the configuration was read again')
  if (needRestart.length > 0) logger.warn({ needRestart }, 'these changes wait for a restart')
}

function nameInFile(name: SettingName): string {
  return fileKeyOf(settings[name]) ?? name
}
